//! Which known name somebody may have meant.

/// The known name nearest to what was written, where one is near enough to have been meant.
pub(crate) fn nearest<'k>(written: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let written_small = written.to_ascii_lowercase();
    // A third of a word that is wrong is another word; two slips are common.
    let most = (written.chars().count() / 3).clamp(1, 2);
    known
        .into_iter()
        .filter(|name| *name != written)
        .map(|name| (distance(&written_small, &name.to_ascii_lowercase()), name))
        .filter(|(far, _)| *far <= most)
        .min()
        .map(|(_, name)| name)
}

/// How many letters have to be put in, left out or exchanged to get from one word to the other (Levenshtein).
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (line, letter) in from.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = line + 1;
        for (column, other) in to.iter().enumerate() {
            let exchanged = diagonal + usize::from(letter != *other);
            diagonal = row[column + 1];
            row[column + 1] = exchanged.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_found_and_other_words_are_not() {
        let known = ["Ingress", "Insights", "ImageRegistry", "marketplace"];
        for (written, meant) in [
            ("Ingres", Some("Ingress")),
            ("ingress", Some("Ingress")),
            ("Ingerss", Some("Ingress")),
            ("Marketplace", Some("marketplace")),
            ("ImageRegistri", Some("ImageRegistry")),
            ("Storage", None),
            ("In", None),
            ("Ingress", None),
        ] {
            assert_eq!(nearest(written, known), meant, "{written}");
        }
    }
}
