//! The timers of a room beside everything else that its shard has to do.

use super::with_shard;

#[test]
fn timers_that_are_always_due_keep_nobody_waiting() {
    with_shard(|shard| async move {
        let (mut one, mut other) = (shard.join("a").await, shard.join("b").await);
        assert_eq!([one.hears().await, other.hears().await], ["joined 1", "joined 2"]);
        one.say("tick on").await;
        one.is_read().await;
        other.say("plain").await;
        assert_eq!(other.hears().await, "plain", "another room goes on");
        one.say("answer me").await;
        assert_eq!(one.hears().await, "answer me", "the room itself goes on");
    });
}
