//! The file descriptors of the process, and how many connections they allow.

use rustix::process::{Resource, getrlimit};

/// Descriptors that are kept for files, listeners, and connections that are refused.
const MIN_RESERVE: usize = 32;

/// The descriptors that the process may have.
pub fn available() -> usize {
    let limit = getrlimit(Resource::Nofile).current;
    limit.map_or(1 << 20, |limit| usize::try_from(limit).unwrap_or(1 << 20))
}

/// How many connections there may be at a time. `chosen` is the owner's limit.
pub fn most_connections(chosen: Option<usize>) -> usize {
    chosen.unwrap_or_else(|| connections_for(available()))
}

/// Nine tenths of the descriptors, or fewer where a tenth is too small a reserve.
pub fn connections_for(descriptors: usize) -> usize {
    descriptors.saturating_sub(MIN_RESERVE.max(descriptors.div_ceil(10))).max(1)
}

/// Logs how many connections there can be. `chosen` is the owner's limit.
pub fn log_limit(chosen: Option<usize>, descriptors: usize) {
    let possible = connections_for(descriptors);
    match chosen {
        None => tracing::info!("connections at a time: {possible}, 90 % of the {descriptors} descriptors (ulimit -n)"),
        Some(chosen) if chosen > possible => tracing::warn!(
            "the limit of {chosen} connections is more than the {descriptors} descriptors of this process (ulimit -n) allow: {possible}"
        ),
        Some(chosen) => tracing::info!("connections at a time: {chosen}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenth_of_the_descriptors_is_kept_and_32_at_least() {
        assert_eq!(connections_for(1024), 921);
        assert_eq!(connections_for(1 << 20), 943_718);
        assert_eq!(connections_for(100), 68);
        assert_eq!(connections_for(16), 1);
    }
}
