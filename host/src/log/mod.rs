//! Bounds on log lines that strangers and guests cause: how often they come, and with which characters.
//!
//! | file | owns |
//! | --- | --- |
//! | `printable` | text from others, as one harmless line |
//! | `throttle` | lines that others can cause as often as they like |

mod printable;
mod throttle;

pub use printable::{in_short, is_harmful, printable};
pub use throttle::LogThrottle;
