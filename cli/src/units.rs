//! Parses times, sizes and rates as people write them: `10s`, `250ms`, `64MiB`, `5/10s`.

use std::time::Duration;

/// The longest time is a year. It can be added to any time of the clock without overflow.
const LONGEST: Duration = Duration::from_secs(8760 * 3600);

/// Parses a time: a whole number and one of ms, s, m, h. A plain number means seconds.
///
/// # Errors
/// The text is not a time, or the time is longer than a year.
pub fn duration(text: &str) -> Result<Duration, String> {
    let (number, unit) = split(text);
    let wrong = || format!("{text:?} is not a time; write 10s, 250ms, 2m or 1h");
    let number: u64 = number.parse().map_err(|_| wrong())?;
    let seconds = match unit {
        "ms" if number <= 1_000_000_000 => return Ok(Duration::from_millis(number)),
        "s" | "" => 1,
        "m" | "min" => 60,
        "h" => 3600,
        _ => return Err(wrong()),
    };
    let time = number.checked_mul(seconds).map(Duration::from_secs).ok_or_else(wrong)?;
    if time > LONGEST { Err(format!("{text:?} is too long; the longest time is 8760h, a year")) } else { Ok(time) }
}

/// Parses a size in bytes: a whole number and one of B, KiB, MiB, GiB. K, M and G mean the same.
///
/// # Errors
/// The text is not a size, or it overflows `usize`.
pub fn size(text: &str) -> Result<usize, String> {
    let (number, unit) = split(text);
    let wrong = || format!("{text:?} is not a size; write 64MiB, 512KiB or a number of bytes");
    let number: usize = number.parse().map_err(|_| wrong())?;
    let shift = match unit {
        "" | "B" => 0,
        "K" | "KiB" => 10,
        "M" | "MiB" => 20,
        "G" | "GiB" => 30,
        _ => return Err(wrong()),
    };
    number.checked_mul(1 << shift).ok_or_else(wrong)
}

/// Parses a number within a time: `5/10s` is five within ten seconds. Either may be zero.
///
/// # Errors
/// The text has another form.
pub fn restarts(text: &str) -> Result<(usize, Duration), String> {
    let wrong = || format!("{text:?} is not a rate; write 5/10s for five within ten seconds");
    let (number, time) = text.split_once('/').ok_or_else(wrong)?;
    Ok((number.parse().map_err(|_| wrong())?, duration(time)?))
}

/// Parses a number per second: `1000/s`, or a plain number.
///
/// # Errors
/// The text has another form.
pub fn per_second(text: &str) -> Result<u32, String> {
    let number = text.strip_suffix("/s").or_else(|| text.strip_suffix("/1s")).unwrap_or(text);
    number.trim_end().parse().map_err(|_| format!("{text:?} is not a rate; write 1000/s for a thousand per second"))
}

/// Parses a rate: `100/s` is a hundred within a second, `5/10s` five within ten. Neither part is zero.
///
/// # Errors
/// The text has another form, or a part is zero.
pub fn rate(text: &str) -> Result<(usize, Duration), String> {
    let wrong = || format!("{text:?} is not a rate; write 100/s, or 5/10s for five within ten seconds");
    let (number, time) = text.split_once('/').filter(|(_, time)| !time.is_empty()).ok_or_else(wrong)?;
    let time = if time.starts_with(|letter: char| letter.is_ascii_digit()) { time.to_owned() } else { format!("1{time}") };
    match (number.parse().map_err(|_| wrong())?, duration(&time).map_err(|_| wrong())?) {
        (0, _) | (_, Duration::ZERO) => Err(wrong()),
        rate => Ok(rate),
    }
}

/// Splits a text into its leading digits and the unit after them.
fn split(text: &str) -> (&str, &str) {
    let digits = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    (&text[..digits], text[digits..].trim_start())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_units_and_a_plain_number_means_seconds() {
        assert_eq!(duration("10s"), Ok(Duration::from_secs(10)));
        assert_eq!(duration("250ms"), Ok(Duration::from_millis(250)));
        assert_eq!(duration("2 m"), Ok(Duration::from_secs(120)));
        assert_eq!(duration("7"), Ok(Duration::from_secs(7)));
        for wrong in ["", "s", "-1s", "1.5s", "10 parsecs", "99999999999999999999s", "8761h", "18446744073709551615h"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn sizes_are_powers_of_two() {
        assert_eq!(size("64MiB"), Ok(64 << 20));
        assert_eq!(size("1K"), Ok(1024));
        assert_eq!(size("100"), Ok(100));
        for wrong in ["", "MiB", "1.5M", "1MB", "99999999999G"] {
            assert!(size(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_rate_per_second_is_a_whole_number() {
        assert_eq!((per_second("1000/s"), per_second("1000/1s"), per_second("7")), (Ok(1000), Ok(1000), Ok(7)));
        for wrong in ["", "/s", "1000/m", "1.5/s", "-1/s", "99999999999/s"] {
            assert!(per_second(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_rate_is_a_number_within_a_time() {
        assert_eq!(restarts("5/10s"), Ok((5, Duration::from_secs(10))));
        assert_eq!((rate("100/s"), rate("5/10s")), (Ok((100, Duration::from_secs(1))), Ok((5, Duration::from_secs(10)))));
        assert!(["", "5", "0/s", "5/0s", "-5/s", "5/", "x/s"].iter().all(|wrong| rate(wrong).is_err()));
        assert!(restarts("5").is_err() && restarts("x/1s").is_err() && restarts("5/x").is_err());
    }
}
