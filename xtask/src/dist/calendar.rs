//! Dates of a number of seconds since 1970, in UTC.

/// A moment, in parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Moment {
    pub(super) year: u64,
    pub(super) month: u64,
    pub(super) day: u64,
    pub(super) hour: u64,
    pub(super) minute: u64,
    pub(super) second: u64,
    /// 0 is Sunday.
    weekday: u64,
}

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const WEEKDAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];

impl Moment {
    /// The moment of a number of seconds since 1970.
    pub(super) fn of(seconds: u64) -> Self {
        let (days, rest) = (seconds / 86_400, seconds % 86_400);
        let is_leap = |year: u64| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        let (mut year, mut day) = (1970, days);
        while day >= 365 + u64::from(is_leap(year)) {
            day -= 365 + u64::from(is_leap(year));
            year += 1;
        }
        let mut month = 0;
        for length in [31, 28 + u64::from(is_leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
            if day < length {
                break;
            }
            day -= length;
            month += 1;
        }
        // 1970 began on a Thursday.
        let weekday = (days + 4) % 7;
        Self { year, month: month + 1, day: day + 1, hour: rest / 3600, minute: rest / 60 % 60, second: rest % 60, weekday }
    }

    /// The form of RFC 3339: `2026-11-27T10:00:00Z`.
    pub(super) fn rfc3339(self) -> String {
        let Self { year, month, day, hour, minute, second, .. } = self;
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
    }

    /// The form of RFC 5322: `Fri, 27 Nov 2026 10:00:00 +0000`.
    pub(super) fn rfc5322(self) -> String {
        let Self { year, day, hour, minute, second, .. } = self;
        let (weekday, month) = (WEEKDAYS[self.weekday as usize], MONTHS[self.month as usize - 1]);
        format!("{weekday}, {day:02} {month} {year:04} {hour:02}:{minute:02}:{second:02} +0000")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_become_dates_also_around_leap_days() {
        for (seconds, date) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_709_251_199, "2024-02-29T23:59:59Z"),
            (1_735_689_599, "2024-12-31T23:59:59Z"),
            (1_795_773_600, "2026-11-27T10:00:00Z"),
        ] {
            assert_eq!(Moment::of(seconds).rfc3339(), date);
        }
        assert_eq!(Moment::of(1_795_773_600).rfc5322(), "Fri, 27 Nov 2026 10:00:00 +0000");
    }
}
