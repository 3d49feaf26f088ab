//! Log lines: bounds on those that strangers and guests cause, and the last lines.
//!
//! | file | owns |
//! | --- | --- |
//! | `printable` | text from others, as one harmless line |
//! | `tail` | the last lines, for readers beside stderr |
//! | `throttle` | lines that others can cause as often as they like |

mod printable;
mod tail;
mod throttle;

pub use printable::{in_short, is_harmful, printable};
pub use tail::{LogLine, LogLines, LogTail};
pub use throttle::LogThrottle;
