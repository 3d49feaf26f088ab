/* Runs the tests, each in a process of its own. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ws_testing.h"

static ws_test_case *first, **last = &first;

void ws_test_add(ws_test_case *test) {
  *last = test;
  last = &test->next;
}

/* Whether the program's arguments name a test. Without arguments, all are named. */
static bool is_named(const ws_test_case *test, int count, char **arguments) {
  for (int n = 1; n < count; n++) {
    if (strstr(test->name, arguments[n])) return true;
  }
  return count < 2;
}

/* Runs a test, and prints its name and how it went. */
static bool passes(const ws_test_case *test) {
  fflush(stdout);
  pid_t child = fork();
  if (child < 0) {
    perror("cannot start a process for a test");
    exit(2);
  }
  if (!child) {
    test->run();
    exit(EXIT_SUCCESS);
  }
  int status;
  while (waitpid(child, &status, 0) < 0) {
    if (errno == EINTR) continue;
    perror("cannot wait for a test");
    exit(2);
  }
  bool has_passed = WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS;
  const char *how = has_passed ? "ok" : WIFSIGNALED(status) ? strsignal(WTERMSIG(status)) : "failed";
  printf("%s: %s%s\n", test->name, WIFSIGNALED(status) ? "failed: " : "", how);
  return has_passed;
}

int main(int count, char **arguments) {
  int run = 0, failed = 0;
  for (const ws_test_case *test = first; test; test = test->next) {
    if (!is_named(test, count, arguments)) continue;
    run++;
    failed += !passes(test);
  }
  if (failed) printf("%d of %d tests failed\n", failed, run);
  else if (run) printf("%d passed\n", run);
  else printf("no test has such a name\n");
  return failed || !run;
}
