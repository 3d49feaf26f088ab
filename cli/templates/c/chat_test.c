/* Tests of the chat without a host: `make test` runs them. */

#include "testing/ws_testing.h"

WS_TEST(everybody_hears_a_text_with_the_name_of_its_guest) {
  ws_id ann = ws_test_join(), ben = ws_test_join();
  ws_test_hears(ben, "* guest-2 has joined");
  ws_test_says(ann, "hello");
  ws_test_hears(ben, "guest-1: hello");
}

WS_TEST(a_binary_message_goes_to_the_others) {
  ws_id ann = ws_test_join(), ben = ws_test_join();
  ws_test_hears(ben, "* guest-2 has joined");
  ws_test_sends(ann, ws_binary("\0\1", 2));
  ws_test_receives(ben, "\0\1", 2);
}
