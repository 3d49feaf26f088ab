//! Parses times, sizes and rates as people write them: `10s`, `250ms`, `64MiB`, `5/10s`.

use std::time::Duration;

use ws_host::config::Listen;

/// The longest time is a year. It can be added to any time of the clock without overflow.
const LONGEST: Duration = Duration::from_secs(8760 * 3600);

/// Parses a time: a whole number and one of ms, s, m, h, d.
///
/// # Errors
/// The text is not a time, it has no unit, or the time is longer than a year.
pub fn duration(text: &str) -> Result<Duration, String> {
    let (number, unit) = split(text);
    let wrong = || format!("{text:?} is not a time; write 10s, 250ms, 2m, 1h or 30d");
    let number: u64 = number.parse().map_err(|_| wrong())?;
    let seconds = match unit {
        "" => return Err(format!("{text:?} has no unit; write {number}s for seconds, or ms, m, h or d")),
        "ms" if number <= 1_000_000_000 => return Ok(Duration::from_millis(number)),
        "s" => 1,
        "m" | "min" => 60,
        "h" => 3600,
        "d" => 24 * 3600,
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

/// Parses a whole number.
///
/// # Errors
/// The text is no whole number, or the number is too large.
pub fn number<T: TryFrom<u64>>(text: &str) -> Result<T, String> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(format!("{text:?} is not a whole number"));
    }
    text.parse().ok().and_then(|number: u64| T::try_from(number).ok()).ok_or_else(|| format!("{text} is too large"))
}

/// Parses a TCP port.
///
/// # Errors
/// The text is no port.
pub fn port(text: &str) -> Result<u16, String> {
    number(text).map_err(|_| format!("{text:?} is not a port; write a number from 1 to 65535, or 0 for a free one"))
}

/// Parses a host name or an address, which has neither a scheme nor a port.
///
/// # Errors
/// The text is a URL, or names a port too.
pub fn host(text: &str) -> Result<String, String> {
    if let Some((_, rest)) = text.split_once("://") {
        return Err(format!("{text:?} is a URL; write the host alone: --host {}", rest.split(['/', ':']).next().unwrap_or(rest)));
    }
    let port = text.rsplit_once(':').filter(|(host, port)| {
        let is_port = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
        is_port && (!host.contains(':') || host.ends_with(']'))
    });
    match port {
        Some((host, port)) => Err(format!("{text:?} has a port; write --host {} --port {port}", host.trim_matches(['[', ']']))),
        None => Ok(text.to_owned()),
    }
}

/// Checks a place to listen at.
///
/// # Errors
/// The text is no place.
pub fn place(text: &str) -> Result<String, String> {
    text.parse::<Listen>().map(|_| text.to_owned()).map_err(|error| match error {
        ws_host::Error::Listen { problem, .. } => problem,
        error => error.to_string(),
    })
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
    fn times_have_units() {
        assert_eq!(duration("10s"), Ok(Duration::from_secs(10)));
        assert_eq!(duration("250ms"), Ok(Duration::from_millis(250)));
        assert_eq!(duration("2 m"), Ok(Duration::from_secs(120)));
        assert!(duration("7").is_err_and(|error| error.contains("write 7s")));
        for wrong in ["", "s", "-1s", "1.5s", "10 parsecs", "99999999999999999999s", "8761h", "18446744073709551615h"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn numbers_have_digits_alone_and_fit() {
        assert_eq!((number("0"), number("65535"), port("13254")), (Ok(0_usize), Ok(65_535_u16), Ok(13_254)));
        for wrong in ["", "abc", "-1", "+1", "1.5", "1 000"] {
            assert!(number::<usize>(wrong).is_err_and(|error| error.contains("is not a whole number")), "{wrong}");
        }
        assert_eq!(number::<u16>("65536"), Err("65536 is too large".to_owned()));
        assert_eq!(number::<u64>("99999999999999999999"), Err("99999999999999999999 is too large".to_owned()));
        assert!(["65536", "abc"].iter().all(|wrong| port(wrong).is_err_and(|error| error.contains("is not a port"))));
    }

    #[test]
    fn a_host_has_neither_a_port_nor_a_scheme() {
        for host in ["localhost", "0.0.0.0", "::", "::1", "fe80::1%eth0", "2001:db8::80", "chat.example"] {
            assert_eq!(super::host(host).as_deref(), Ok(host));
        }
        for (text, hint) in [
            ("localhost:8080", "--host localhost --port 8080"),
            ("[::1]:80", "--host ::1 --port 80"),
            ("http://localhost:80/", "--host localhost"),
        ] {
            assert!(host(text).is_err_and(|error| error.ends_with(hint)), "{text}: {:?}", host(text));
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
