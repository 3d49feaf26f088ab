//! Tables for people.

/// A table of texts: the columns are as wide as their widest text, the last one as wide as need be.
pub fn table<const N: usize>(heads: [&str; N], rows: impl Iterator<Item = [String; N]>) -> String {
    let rows: Vec<_> = std::iter::once(heads.map(str::to_owned)).chain(rows).collect();
    let widths: [usize; N] =
        std::array::from_fn(|column| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default());
    let line = |row: &[String; N]| {
        let cells: Vec<_> = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        cells.join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_columns_of_a_table_are_as_wide_as_their_widest_text() {
        let rows = [["/blue".to_owned(), "2".to_owned()], ["/caf\u{e9}s".to_owned(), "10".to_owned()]];
        assert_eq!(table(["ROOM", "CLIENTS"], rows.into_iter()), "ROOM    CLIENTS\n/blue   2\n/caf\u{e9}s  10");
    }
}
