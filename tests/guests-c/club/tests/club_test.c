/* The room of `sdk/c/testing` does what the host does. */

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "testing/ws_testing.h"

extern char last_left[], last_start[], last_orphan[];
extern unsigned messages;

WS_TEST(clients_hear_what_the_app_sends_to_them) {
  ws_id ann = ws_test_join(), ben = ws_test_join();
  ws_test_hears(ann, "one more");
  ws_test_hears_nothing(ben);
  ws_test_says(ben, "subscribe");
  ws_test_sends(ann, ws_binary("\1\2", 2));
  ws_test_receives(ben, "\1\2", 2);
  ws_test_hears_nothing(ann);
  assert(ws_sendf(99, "nobody") == WS_NO_SUCH_CLIENT);
}

WS_TEST(a_client_that_is_away_stays_a_member_and_hears_what_is_sent) {
  ws_id ann = ws_test_join();
  ws_test_goes_away(ann);
  ws_test_goes_away(ann);
  assert(!ws_is_online(ann) && ws_count() == 1 && !ws_is_online(99));
  assert(ws_sendf(ann, "hello") == WS_OK);
  ws_test_comes_back(ann);
  ws_test_comes_back(ann);
  ws_test_hears(ann, "lost");
  ws_test_hears(ann, "hello");
  ws_test_hears(ann, "back");
  ws_test_hears_nothing(ann);
  assert(ws_is_online(ann));
}

WS_TEST(each_test_has_fresh_variables_and_a_room_of_its_own) {
  assert(messages == 0 && ws_count() == 0);
  ws_id ann = ws_test_join();
  assert(ann == 1 && !strcmp(last_start, "0 "));
}

WS_TEST(a_client_that_the_app_closes_leaves_and_is_heard_no_more) {
  ws_id ann = ws_test_join_as((ws_test_client){.path = "/blue"});
  const char *reason;
  assert(!ws_test_closed(ann, NULL));
  ws_test_says(ann, "close");
  assert(ws_test_closed(ann, &reason) == 4000 && !strcmp(reason, "as you wish"));
  assert(!strcmp(last_left, "1 4000 /blue of 0, no-such-client"));
  ws_test_says(ann, "close");
  assert(messages == 1);
  ws_id ben = ws_test_join();
  ws_test_leaves(ben);
  assert(!strcmp(last_left, "2 1005 / of 0, no-such-client"));
  ws_client left;
  assert(!ws_get(ben, &left));
}

WS_TEST(a_client_has_the_details_of_its_request) {
  const char *headers[] = {"cookie", "a=b", "user-agent", "tester", NULL};
  ws_id ann = ws_test_join_as((ws_test_client){.query = "x=1", .headers = headers, .subprotocol = "v2", .ip = "192.0.2.7", .port = 7});
  ws_client client;
  assert(ws_get(ann, &client));
  assert(client.query.len == 3 && client.headers.len == 2 && !memcmp(client.headers.ptr[1].f1.ptr, "tester", 6));
  assert(client.subprotocol.is_some && client.address.port == 7 && !memcmp(client.address.ip.ptr, "192.0.2.7", 9));
  ws_client_free(&client);
}

WS_TEST(the_clients_of_a_user_and_the_topics_of_a_client_are_listed) {
  ws_id ann = ws_test_join_as((ws_test_client){.user = "ann"}), ben = ws_test_join(), again = ws_test_join_as((ws_test_client){.user = "ann"});
  size_t count;
  ws_id *those = ws_clients_of_user("ann", &count);
  assert(count == 2 && those[0] == ann && those[1] == again && !ws_clients_of_user("eve", &count));
  free(those);
  ws_subscribe(ben, "sport"), ws_subscribe(ben, "news");
  ws_string_t *topics = ws_topics(ben, &count);
  assert(count == 2 && !memcmp(topics[0].ptr, "news", 4) && !memcmp(topics[1].ptr, "sport", 5));
  ws_topics_free(topics, count);
}

WS_TEST(the_gate_is_asked_with_the_details_of_a_request) {
  assert(ws_test_asks_to_join((ws_test_client){0}).refuse == 401 && ws_count() == 0);
  ws_decision decision = ws_test_asks_to_join((ws_test_client){.query = "key", .subprotocol = "v2"});
  assert(!decision.refuse && decision.subprotocol.len == 2 && !memcmp(decision.subprotocol.ptr, "v2", 2));
}

WS_TEST(timers_run_while_the_test_waits) {
  ws_id ann = ws_test_join(), ben = ws_test_join();
  ws_test_hears(ann, "one more");
  ws_test_says(ann, "count");
  ws_test_wait(25000);
  ws_test_hears(ann, "1");
  ws_test_hears(ann, "1");
  ws_test_hears_nothing(ann);
  ws_test_leaves(ben);
  ws_test_wait(5000);
  ws_test_hears(ann, "1");
  ws_test_wait(1000000);
  ws_test_hears_nothing(ann);
}

WS_TEST(a_callback_gets_the_answer_to_its_request) {
  ws_id ann = ws_test_join();
  ws_test_fetch asked;
  ws_test_says(ann, "ask");
  assert(ws_test_next_fetch(&asked) && !strcmp(asked.method, "GET") && !strcmp(asked.url, "https://api.example.com/"));
  assert(!strcmp(asked.headers[1], "text/plain") && !strcmp(asked.context, "1") && !asked.body && !asked.stream);
  ws_test_hears_nothing(ann);
  const char *headers[] = {"x-note", "!", NULL};
  ws_test_answers(asked.id, (ws_test_response){.headers = headers, .body = "hello"});
  ws_test_hears(ann, "200 hello!");
  assert(!ws_test_is_asking(asked.id) && !ws_test_next_fetch(&asked));
  ws_test_says(ann, "ask");
  assert(ws_test_next_fetch(&asked));
  ws_test_fails(asked.id, WS_FAILED_UNREACHABLE, "nobody answers");
  ws_test_hears(ann, "nobody answers");
}

WS_TEST(a_callback_gets_a_stream_piece_by_piece) {
  ws_id ann = ws_test_join();
  ws_test_fetch asked;
  ws_test_says(ann, "stream");
  assert(ws_test_next_fetch(&asked) && asked.stream);
  ws_test_answers(asked.id, (ws_test_response){.status = 201});
  ws_test_hears(ann, "201 ");
  ws_test_streams(asked.id, "one", 3);
  ws_test_streams(asked.id, "two", 3);
  ws_test_hears(ann, "one");
  ws_test_hears(ann, "two");
  ws_test_ends(asked.id);
  ws_test_hears(ann, "end");
  ws_test_says(ann, "stream");
  assert(ws_test_next_fetch(&asked));
  ws_test_answers(asked.id, (ws_test_response){0});
  ws_test_hears(ann, "200 ");
  ws_test_fails(asked.id, WS_FAILED_BROKEN, "the connection ends");
  ws_test_hears(ann, "the connection ends");
}

WS_TEST(an_answer_that_no_callback_waits_for_is_an_orphan_with_its_context) {
  ws_id ann = ws_test_join();
  ws_test_fetch asked;
  ws_test_says(ann, "ask");
  ws_test_says(ann, "remind");
  assert(ws_test_next_fetch(&asked));
  ws_test_forget_callbacks();
  ws_test_answers(asked.id, (ws_test_response){.body = "late"});
  assert(!strcmp(last_orphan, "0 late for 1"));
  ws_test_wait(2000);
  ws_test_hears_nothing(ann);
}

WS_TEST(a_refused_request_says_why_and_a_cancelled_one_is_not_answered) {
  ws_id ann = ws_test_join();
  ws_test_fetch asked;
  ws_test_deny_fetches("api.example.com is not allowed");
  ws_test_says(ann, "ask");
  ws_test_hears(ann, "api.example.com is not allowed");
  ws_test_deny_fetches(NULL);
  uint64_t id;
  assert(ws_fetch(&(ws_fetch_request){.url = "/relative"}, NULL, NULL, NULL) == WS_INVALID && strstr(ws_error_text(), "absolute"));
  for (int n = 0; n < 32; n++) assert(ws_fetch(&(ws_fetch_request){.url = "http://a/", .body = "x", .body_len = 1}, NULL, NULL, &id) == WS_OK);
  assert(ws_fetch(&(ws_fetch_request){.url = "http://a/"}, NULL, NULL, NULL) == WS_ROOM_FULL && strstr(ws_error_text(), "ask again"));
  ws_fetch_cancel(id);
  assert(!ws_test_is_asking(id) && ws_test_next_fetch(&asked) && !strcmp(asked.method, "POST") && !strcmp(asked.body, "x"));
  ws_test_answers(id, (ws_test_response){0});
  assert(!*last_orphan);
}

static void never(void *data) { (void)data, abort(); }

WS_TEST(a_timer_with_a_callback_runs_once_unless_it_is_cancelled) {
  ws_id ann = ws_test_join();
  ws_test_says(ann, "remind");
  ws_test_wait(999);
  ws_test_hears_nothing(ann);
  ws_test_wait(1);
  ws_test_hears(ann, "it is time");
  ws_test_wait(10000);
  ws_test_hears_nothing(ann);
  uint64_t timer;
  assert(ws_after(1000, never, NULL, &timer) == WS_OK);
  ws_cancel_timer(timer);
  ws_test_wait(10000);
}

WS_TEST(a_request_is_answered_whole) {
  ws_test_reply reply = ws_test_reply_to(ws_test_requests((ws_test_request){.body = "hello"}));
  assert(reply.has_ended && reply.status == 201 && !strcmp(reply.body, "POST hello") && !reply.headers[0]);
  reply = ws_test_reply_to(ws_test_requests((ws_test_request){.method = "PUT"}));
  assert(!strcmp(reply.body, "PUT "));
}

WS_TEST(a_request_is_answered_in_pieces_by_later_events) {
  ws_id ann = ws_test_join();
  uint64_t id = ws_test_requests((ws_test_request){.path = "/later"});
  ws_test_reply reply = ws_test_reply_to(id);
  assert(reply.has_begun && !reply.has_ended && !reply.len && !strcmp(reply.headers[1], "text/event-stream"));
  ws_test_says(ann, "go on");
  ws_test_says(ann, "go on");
  assert(!strcmp(ws_test_reply_to(id).body, "data: 1\n\ndata: 2\n\n"));
  ws_test_says(ann, "end");
  assert(ws_test_reply_to(id).has_ended && ws_respond_end(id) == WS_NO_SUCH_REQUEST && strstr(ws_error_text(), "answered"));
  id = ws_test_requests((ws_test_request){.path = "/later"});
  ws_test_abandons(id);
  ws_test_hears(ann, "2 is gone");
  assert(ws_respondf(id, 200, "late") == WS_NO_SUCH_REQUEST);
}

WS_TEST(open_requests_are_listed_and_aborted) {
  size_t count;
  uint64_t begun = ws_test_requests((ws_test_request){.path = "/later"}), waits = ws_test_requests((ws_test_request){.path = "/none"});
  ws_test_requests((ws_test_request){.path = "/"});
  ws_open_request *open = ws_requests(&count);
  assert(count == 2 && open[0].id == begun && open[0].has_begun && open[1].id == waits && !open[1].has_begun);
  for (size_t n = 0; n < count; n++) ws_respond_abort(open[n].id);
  free(open);
  assert(ws_test_reply_to(begun).is_cut && !ws_test_reply_to(begun).has_ended && ws_respond_end(begun) == WS_NO_SUCH_REQUEST);
  assert(ws_test_reply_to(waits).status == 500 && ws_test_reply_to(waits).has_ended && !ws_requests(&count) && !count);
  ws_respond_abort(99);
}

WS_TEST(an_answer_keeps_the_rules_for_order_status_and_headers) {
  static const char *const length[] = {"Content-Length", "3", NULL}, *const split[] = {"x-note", "a\r\nb: c", NULL};
  uint64_t id = ws_test_requests((ws_test_request){.path = "/later"});
  assert(ws_respond(id, (ws_response){0}) == WS_WRONG_ORDER && strstr(ws_error_text(), "ws_respond_begin"));
  assert(ws_respond_begin(id, 200, NULL) == WS_WRONG_ORDER && ws_respond_chunk(id, NULL, 0) == WS_OK && ws_respond_end(id) == WS_OK);
  assert(ws_respond_end(99) == WS_NO_SUCH_REQUEST && !strcmp(ws_result_name(WS_NO_SUCH_REQUEST), "no-such-request"));
  id = ws_test_requests((ws_test_request){.path = "/none"});
  assert(ws_respond(id, (ws_response){.status = 101}) == WS_INVALID && strstr(ws_error_text(), "200 to 599"));
  assert(ws_respond(id, (ws_response){.headers = length}) == WS_INVALID && ws_respond(id, (ws_response){.headers = split}) == WS_INVALID);
  assert(ws_respond_chunk(id, "x", 1) == WS_WRONG_ORDER && ws_respond(id, (ws_response){0}) == WS_OK);
}

WS_TEST(rooms_send_messages_and_get_events) {
  ws_test_room_message sent;
  ws_test_name_room("/lobby");
  ws_test_room_says("/blue", "1:0");
  assert(ws_test_next_room_message(&sent) && !strcmp(sent.room, "/scores") && !sent.create && sent.message.is_text);
  assert(!strcmp(sent.message.data, "1:0 from /blue to /lobby") && !ws_test_next_room_message(&sent));
  ws_test_api_says("shop", "paid");
  assert(ws_test_next_room_message(&sent) && !strcmp(sent.message.data, "paid from shop to /lobby"));
  ws_test_lacks_room("/scores");
  ws_test_room_sends("/blue", ws_binary("\1", 1));
  assert(ws_test_next_room_message(&sent) && sent.create && !sent.message.is_text && sent.message.len == 1);
  assert(ws_rooms_sendf("", (ws_room_options){0}, "x") == WS_INVALID_NAME && ws_rooms_sendf("/scores", (ws_room_options){0}, "x") == WS_OK);
  for (int n = 1; n < 1024; n++) assert(ws_rooms_sendf("/scores", (ws_room_options){0}, "%d", n) == WS_OK);
  assert(ws_rooms_sendf("/scores", (ws_room_options){0}, "one too many") == WS_FULL);
}

WS_TEST(the_contract_bounds_names_codes_attachments_timers_keys_and_values) {
  ws_id ann = ws_test_join();
  static char large[(128 << 10) + 1];
  uint64_t timer;
  memset(large, 'x', sizeof large - 1);
  assert(ws_close(ann, 1005, "") == WS_INVALID_CODE && ws_close(99, 4000, "") == WS_NO_SUCH_CLIENT);
  assert(ws_close(ann, 4000, large) == WS_REASON_TOO_LONG && ws_subscribe(ann, "") == WS_INVALID_TOPIC);
  assert(ws_set_attachment(ann, large, (16 << 10) + 1) == WS_TOO_BIG && ws_subscribe(99, "news") == WS_NO_SUCH_CLIENT);
  assert(ws_set_timer(0, (ws_timer_options){.repeat = true}, NULL, 0, &timer) == WS_INVALID);
  assert(ws_store_set("key", large, sizeof large) == WS_VALUE_TOO_BIG && ws_store_set("key", large, sizeof large - 1) == WS_OK);
  assert(ws_store_set(large, "", 0) == WS_KEY_TOO_LONG);
  assert(ws_close(ann, 4000, "") == WS_OK && ws_sendf(ann, "late") == WS_CLOSING && ws_subscribe(ann, "news") == WS_NO_SUCH_CLIENT);
}

WS_TEST(the_store_keeps_entries_in_the_order_of_their_keys) {
  for (int n = 250; n > 0; n--) {
    char key[] = {'k', (char)('0' + n / 100), (char)('0' + n / 10 % 10), (char)('0' + n % 10), '\0'};
    assert(ws_store_setf(key, "%d", n) == WS_OK);
  }
  assert(ws_store_set("j", "", 0) == WS_OK && ws_store_set("l", "\0", 1) == WS_OK && ws_store_usage().keys == 252);
  size_t len, count;
  char *empty = ws_store_get("j", &len);
  assert(empty && !len && !*empty && !ws_store_get("m", NULL));
  free(empty);
  ws_walk walk = {.prefix = "k"};
  int next = 1;
  for (const ws_entry *entry; (entry = ws_store_next(&walk)); next++) assert(entry->key_len == 4 && atoi(entry->value) == next);
  assert(next == 251);
  assert(!strcmp(ws_store_next(&walk)->key, "k001"));
  ws_store_stop(&walk);
  ws_entry *listed = ws_store_list("k", "k0985", 2, &count);
  assert(count == 2 && !strcmp(listed[0].key, "k099") && !strcmp(listed[1].value, "100"));
  free(listed);
  assert(!ws_store_list("k", "k250", 9, &count) && !count);
  assert(ws_store_delete("k001") == WS_OK && ws_store_delete("k001") == WS_OK && ws_store_usage().keys == 251);
  assert(ws_store_clear() == WS_OK && ws_store_usage().bytes == 0);
}

WS_TEST(an_instance_starts_with_a_saved_state_and_can_refuse_it) {
  ws_saved saved = {"1", "of before", 9};
  assert(!ws_test_start(WS_SWAP, &saved) && !strcmp(last_start, "1 of before"));
  saved.version = "2";
  assert(!strcmp(ws_test_start(WS_SWAP, &saved), "an unknown version"));
}

/* These three fail. */

WS_TEST(fails_on_a_text_that_is_cut_within_a_character) { ws_test_says(ws_test_join(), "cut"); }

WS_TEST(fails_on_a_text_that_is_read_beyond_its_end) { ws_test_says(ws_test_join(), "read on"); }

WS_TEST(fails_on_another_text) {
  ws_id ann = ws_test_join();
  ws_test_join();
  ws_test_hears(ann, "one less");
}
