//! A picture of a page made so small that it tells where things stand and in which colours, and no more of letters.
//!
//! Another font moves letters, breaks lines elsewhere and makes the page some percent longer or shorter. So two pictures
//! are not laid on each other: their rows are paired in order, as a diff pairs lines. Each limit stands between what was
//! measured with other fonts than the stored pictures' (`DejaVu` Sans against Liberation Sans, Liberation Mono for all,
//! Noto Sans, and `FreeSans`, the thinnest) and what pages showed that were broken on purpose.

use super::Picture;
use std::collections::BTreeMap;

/// How many pixels wide and high a block is: a line of text, so that letters are a shade of grey.
const SIDE: usize = 20;

/// How far the shades of blocks of several colours are apart, of 255: few of them make a small file.
///
/// Each is in the middle of its step. No paper of the page is, so that a block of one colour alone can be told.
const SHADE: usize = 8;

/// From which mean difference of its colours on, of 255, two rows are rather two than one.
///
/// Lines of text in two fonts are some 3 to 6 apart, a line and the space between two sections more.
const APART: u32 = 10;

/// How many rows in sequence are looked at, and how many of them may lack a partner.
///
/// Lines that break elsewhere: 6 at most. The least section that was taken out, seven lines of facts: 8.
const STRETCH: usize = 10;
const ALONE: usize = 7;

/// The mean difference of the rows that have a partner. Other fonts: 6.3 at most. A page without its style: 9 and more.
const DIFFERENCE: u32 = 8;

/// How much of the ink may be lost or won, in percent. Other fonts: 78 to 100. Ink of the wrong scheme: 29 to 39.
const INK: [usize; 2] = [65, 135];

/// From how many whole blocks on a colour is one of the page's papers.
const PAPER: usize = 20;
/// By which factor a paper may shrink or grow. Other fonts: 1.6. A panel that lost its colour has none.
const PAPER_FACTOR: usize = 3;

/// A picture reduced to the mean colours of its blocks, without the empty end of the page.
#[derive(Debug)]
pub struct Blocks(Picture);

impl Blocks {
    /// Reduces a picture.
    #[must_use]
    pub fn of(picture: &Picture) -> Self {
        let columns = picture.width / SIDE;
        let rows = (0..picture.height / SIDE).map(|row| {
            let lines: Vec<_> = (row * SIDE..(row + 1) * SIDE).map(|y| picture.row(y)).collect();
            (0..columns)
                .flat_map(|column| block(&lines, column * SIDE, picture.channels()))
                .collect::<Vec<u8>>()
        });
        let mut rows: Vec<_> = rows.collect();
        let end = rows.last().cloned();
        while rows.len() > 1 && rows.last() == end.as_ref() {
            rows.pop();
        }
        Self(Picture::of_rows(rows))
    }

    /// What was stored of an earlier picture.
    #[must_use]
    pub fn of_png(bytes: &[u8]) -> Self {
        Self(Picture::of_png(bytes))
    }

    /// To be stored.
    #[must_use]
    pub fn to_png(&self) -> Vec<u8> {
        self.0.to_png()
    }

    /// How many rows of pixels of the picture are not empty, up to a block's height more.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.0.height * SIDE
    }

    /// What this picture shows otherwise than the one before, beyond what another font does; nothing where all is well.
    #[must_use]
    pub fn faults(&self, before: &Self) -> Vec<String> {
        if self.0.width != before.0.width {
            return vec![format!("{} blocks wide, and it was {}", self.0.width, before.0.width)];
        }
        let mut faults = Vec::new();
        let pairs = self.paired_with(before);
        let alone = |all: usize, paired: &dyn Fn(&(usize, usize)) -> usize| {
            let mut is_alone = vec![true; all];
            for pair in &pairs {
                is_alone[paired(pair)] = false;
            }
            let most = is_alone.windows(STRETCH).map(|rows| rows.iter().filter(|alone| **alone).count());
            let most = most.enumerate().max_by_key(|(at, count)| (*count, all - at)).unwrap_or_default();
            (most.0 * SIDE, most.1)
        };
        for (what, (at, count)) in [
            ("is missing", alone(before.0.height, &|pair| pair.1)),
            ("came in", alone(self.0.height, &|pair| pair.0)),
        ] {
            if count > ALONE {
                faults.push(format!("something {what} below {at}: {count} of {STRETCH} rows"));
            }
        }
        let apart: u32 = pairs.iter().map(|(mine, theirs)| self.difference(*mine, before, *theirs)).sum();
        let limit = DIFFERENCE * self.weight() * u32::try_from(pairs.len()).unwrap_or(u32::MAX);
        if apart > limit {
            faults.push(format!(
                "rows look otherwise: {}% of what another font may do",
                apart * 100 / limit.max(1)
            ));
        }
        let share = self.ink() * 100 / before.ink().max(1);
        if share < INK[0] || share > INK[1] {
            faults.push(format!("{share}% of the ink that there was"));
        }
        let (mine, theirs) = (self.colours(), before.colours());
        for (colour, count) in
            theirs.into_iter().filter(|(colour, count)| *count >= PAPER && is_pure(*colour))
        {
            let now = mine.get(&colour).copied().unwrap_or_default();
            if now * PAPER_FACTOR < count || now > count * PAPER_FACTOR {
                faults.push(format!("{now} blocks of the colour {colour:?}, and there were {count}"));
            }
        }
        faults
    }

    /// The rows of this picture and of the other that belong to each other, in order: as many as can be, as like as can be.
    fn paired_with(&self, other: &Self) -> Vec<(usize, usize)> {
        let (height, width) = (self.0.height, other.0.height);
        let alone = APART * self.weight();
        let line = |row: u32| (0..=width).scan(row, move |sum, _| Some(std::mem::replace(sum, *sum + alone)));
        let mut costs = vec![line(0).collect::<Vec<u32>>()];
        for mine in 0..height {
            let above = &costs[mine];
            let mut row = vec![above[0] + alone];
            for theirs in 0..width {
                let pair = above[theirs] + self.difference(mine, other, theirs);
                row.push(pair.min(above[theirs + 1] + alone).min(row[theirs] + alone));
            }
            costs.push(row);
        }
        let (mut mine, mut theirs, mut pairs) = (height, width, Vec::new());
        while mine > 0 && theirs > 0 {
            let cost = costs[mine][theirs];
            if cost == costs[mine - 1][theirs - 1] + self.difference(mine - 1, other, theirs - 1) {
                (mine, theirs) = (mine - 1, theirs - 1);
                pairs.push((mine, theirs));
            } else if cost == costs[mine - 1][theirs] + alone {
                mine -= 1;
            } else {
                theirs -= 1;
            }
        }
        pairs.reverse();
        pairs
    }

    /// How many numbers a row has: what a difference of one in all of them sums up to.
    fn weight(&self) -> u32 {
        u32::try_from(self.0.width * 3).unwrap_or(u32::MAX)
    }

    /// The sum of the differences of a row of this picture to one of the other.
    fn difference(&self, mine: usize, other: &Self, theirs: usize) -> u32 {
        let (mine, theirs) = (self.0.row(mine), other.0.row(theirs));
        mine.iter().zip(theirs).map(|(one, another)| u32::from(one.abs_diff(*another))).sum()
    }

    fn colours(&self) -> BTreeMap<[u8; 3], usize> {
        let mut counts = BTreeMap::new();
        for y in 0..self.0.height {
            (0..self.0.width).for_each(|x| *counts.entry(self.0.at(x, y)).or_default() += 1);
        }
        counts
    }

    /// How far all of it is from the paper, which is what stands in its corner.
    fn ink(&self) -> usize {
        let paper = self.0.at(0, 0);
        let distance = |colour: [u8; 3]| -> usize {
            colour.iter().zip(paper).map(|(one, paper)| usize::from(one.abs_diff(paper))).sum()
        };
        self.colours().into_iter().map(|(colour, count)| distance(colour) * count).sum()
    }
}

/// The colour of a block: its own where it has one only, and otherwise the shade that is near the mean of all.
fn block(lines: &[&[u8]], left: usize, channels: usize) -> [u8; 3] {
    let lines: Vec<_> = lines.iter().map(|line| &line[left * channels..(left + SIDE) * channels]).collect();
    let first = [lines[0][0], lines[0][1], lines[0][2]];
    if lines.iter().all(|line| line.chunks_exact(channels).all(|pixel| pixel[..3] == first)) {
        return first;
    }
    let mut sums = [0_usize; 3];
    for pixel in lines.iter().flat_map(|line| line.chunks_exact(channels)) {
        sums[0] += usize::from(pixel[0]);
        sums[1] += usize::from(pixel[1]);
        sums[2] += usize::from(pixel[2]);
    }
    sums.map(|sum| u8::try_from(sum / (SIDE * SIDE) / SHADE * SHADE + SHADE / 2).unwrap_or(u8::MAX))
}

/// Whether no shade of several colours is this one.
fn is_pure(colour: [u8; 3]) -> bool {
    colour.iter().any(|part| usize::from(*part) % SHADE != SHADE / 2)
}
