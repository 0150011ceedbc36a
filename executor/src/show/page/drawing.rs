//! Who may do what, drawn: service accounts, the role they take on, and the services it opens.

use super::html::Html;
use crate::show::grant::{Action, Grant, Service, ServiceName};
use crate::show::printable;

/// The width of the drawing, in its own units; the page scales it.
const WIDTH: usize = 1100;
/// The left edge and the width of the three columns.
const ACCOUNTS: Column = Column { x: 2, width: 262 };
const ROLE: Column = Column { x: 310, width: 262 };
const SERVICES: Column = Column { x: 618, width: 480 };
/// How far a line of text is below the one before, and how wide a letter is at most.
const LINE: usize = 17;
const LETTER: f64 = 7.4;
/// Between the edge of a box and its text, and between boxes.
const PADDING: usize = 10;
const GAP: usize = 10;
/// The most lines of a name: names that AWS and Kubernetes take fit.
const LONGEST_NAME: usize = 9;

#[derive(Clone, Copy)]
struct Column {
    x: usize,
    width: usize,
}

impl Column {
    /// How many letters fit side by side.
    fn letters(self) -> usize {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small whole number")]
        #[expect(clippy::cast_precision_loss, reason = "a small whole number")]
        let letters = ((self.width - 2 * PADDING) as f64 / LETTER) as usize;
        letters
    }
}

/// A box with lines of text; a line is made of pieces that look different.
struct Block {
    class: &'static str,
    lines: Vec<Vec<Piece>>,
}

struct Piece {
    class: &'static str,
    text: String,
}

impl Piece {
    fn new(class: &'static str, text: impl Into<String>) -> Self {
        Self { class, text: text.into() }
    }
}

impl Block {
    fn height(&self) -> usize {
        self.lines.len() * LINE + PADDING + 4
    }
}

/// One role's part of the drawing.
pub(super) fn draw(out: &mut Html, grant: &Grant<'_>) {
    let accounts: Vec<_> = grant.accounts.iter().map(|account| account_block(account)).collect();
    let role = vec![Block { class: "role", lines: name_lines("name", grant.role.name.as_str(), ROLE) }];
    let services: Vec<_> =
        grant.services.iter().map(|(name, service)| service_block(name, service)).collect();
    let tallest = [&accounts, &role, &services].map(|blocks| stack_height(blocks)).into_iter().max();
    let height = tallest.unwrap_or(0) + 4;

    let view = format!("0 0 {WIDTH} {height}");
    out.open("svg", &[("role", &"img"), ("viewBox", &view), ("width", &WIDTH), ("height", &height)]);
    out.element("title", &[], &described(grant));
    let from = place(out, &accounts, ACCOUNTS, height);
    let to = place(out, &services, SERVICES, height);
    for role in place(out, &role, ROLE, height) {
        for at in &from {
            connect(out, "link", (ACCOUNTS.x + ACCOUNTS.width, *at), (ROLE.x, role));
        }
        for (at, name) in to.iter().zip(grant.services.keys()) {
            let class = if name.sense.is_denied() { "link denied" } else { "link" };
            connect(out, class, (ROLE.x + ROLE.width, role), (SERVICES.x, *at));
        }
    }
    out.close("svg").line();
}

/// The drawing in a sentence, for whoever does not see it.
fn described(grant: &Grant<'_>) -> String {
    let services = grant.services.iter().map(|(name, service)| {
        let words = name.sense.words();
        if name.sense.is_all_but() {
            let actions: Vec<_> = service.actions.iter().map(|action| action.0.as_str()).collect();
            return format!("{words} {}{}", actions.join(", "), service.extent());
        }
        let what = format!("{words} {} ({}{})", name.called(), service.count(), service.extent());
        what.trim().to_owned()
    });
    let accounts = if grant.accounts.is_empty() { "nobody".to_owned() } else { grant.accounts.join(", ") };
    format!(
        "Role {}. Taken on by: {accounts}. May use: {}.",
        grant.role.name,
        services.collect::<Vec<_>>().join("; ")
    )
}

fn account_block(account: &str) -> Block {
    let (namespace, name) = account.split_once(':').unwrap_or(("", account));
    let mut lines = name_lines("faint", namespace, ACCOUNTS);
    lines.extend(name_lines("name", name, ACCOUNTS));
    Block { class: "account", lines }
}

fn service_block(name: &ServiceName, service: &Service) -> Block {
    let words = name.sense.words().to_uppercase();
    let actions = service.actions.iter();
    let (head, actions): (_, Vec<_>) = if name.sense.is_all_but() {
        let reach = service.reach.words().trim_start_matches(", ");
        let head = vec![Piece::new("alarm", words), Piece::new("faint", format!("  {reach}"))];
        (head, actions.map(|action| (action, action.0.as_str())).collect())
    } else {
        let words = if words.is_empty() { words } else { words + " " };
        let about = format!("  {}{}", service.count(), service.reach.words());
        let room = SERVICES.letters().saturating_sub(words.len() + about.chars().count());
        let called = cut(&printable(name.called()), room);
        let head = vec![Piece::new("alarm", words), Piece::new("name", called), Piece::new("faint", about)];
        (head, actions.map(|action| (action, action.verb())).collect())
    };
    let mut lines = vec![head.into_iter().filter(|piece| !piece.text.is_empty()).collect()];
    lines.extend(action_lines(&actions, SERVICES.letters()));
    lines.extend(service.marks().into_iter().map(|mark| vec![Piece::new("alarm", mark)]));
    Block { class: if name.sense.is_denied() { "service denied" } else { "service" }, lines }
}

/// Actions side by side, as many on a line as fit.
fn action_lines(actions: &[(&Action, &str)], letters: usize) -> Vec<Vec<Piece>> {
    let mut lines = vec![Vec::new()];
    let mut used = 0;
    for (index, (action, shown)) in actions.iter().enumerate() {
        let text = printable(shown);
        let comma = if index + 1 < actions.len() { ", " } else { "" };
        for part in parts(&text, letters - comma.len()) {
            let width = part.chars().count();
            if used > 0 && used + width + comma.len() > letters {
                lines.push(Vec::new());
                used = 0;
            }
            used += width;
            let class = if action.is_wildcard() { "wild" } else { "" };
            lines.extend(lines.is_empty().then(Vec::new));
            if let Some(line) = lines.last_mut() {
                line.push(Piece::new(class, part));
            }
        }
        if let Some(line) = lines.last_mut() {
            line.push(Piece::new("", comma));
        }
        used += comma.len();
    }
    lines
}

/// A name on as many lines as it needs, broken behind a hyphen or dot where there is one.
fn name_lines(class: &'static str, name: &str, column: Column) -> Vec<Vec<Piece>> {
    let letters = column.letters();
    let mut rest = printable(name);
    let mut lines = Vec::new();
    while rest.chars().count() > letters && lines.len() + 1 < LONGEST_NAME {
        let fits = rest.char_indices().nth(letters).map_or(rest.len(), |(at, _)| at);
        let at = rest[..fits].rfind(['-', '.', ':']).map_or(fits, |at| at + 1);
        let tail = rest.split_off(at);
        lines.push(vec![Piece::new(class, std::mem::replace(&mut rest, tail))]);
    }
    if !rest.is_empty() {
        lines.push(vec![Piece::new(class, cut(&rest, letters))]);
    }
    lines
}

fn parts(text: &str, letters: usize) -> Vec<String> {
    let chars: Vec<char> = text.chars().collect();
    chars.chunks(letters.max(1)).map(|part| part.iter().collect()).collect()
}

fn cut(text: &str, letters: usize) -> String {
    if text.chars().count() <= letters {
        return text.to_owned();
    }
    text.chars().take(letters.saturating_sub(1)).chain(['…']).collect()
}

fn stack_height(blocks: &[Block]) -> usize {
    blocks.iter().map(Block::height).sum::<usize>() + GAP * blocks.len().saturating_sub(1)
}

/// Draws boxes one below the other in the middle of the height, and gives the middle of each.
fn place(out: &mut Html, blocks: &[Block], column: Column, height: usize) -> Vec<usize> {
    let mut y = (height - stack_height(blocks)) / 2;
    let mut middles = Vec::new();
    for block in blocks {
        let tall = block.height();
        out.open("g", &[("class", &block.class)]);
        out.open(
            "rect",
            &[("x", &column.x), ("y", &y), ("width", &column.width), ("height", &tall), ("rx", &6)],
        );
        out.close("rect");
        for (index, line) in block.lines.iter().enumerate() {
            out.open("text", &[("x", &(column.x + PADDING)), ("y", &(y + PADDING + 8 + index * LINE))]);
            for piece in line {
                out.element("tspan", &[("class", &piece.class)], &piece.text);
            }
            out.close("text");
        }
        out.close("g");
        middles.push(y + tall / 2);
        y += tall + GAP;
    }
    middles
}

fn connect(out: &mut Html, class: &'static str, from: (usize, usize), to: (usize, usize)) {
    let middle = usize::midpoint(from.0, to.0);
    let path = format!("M{} {} C{middle} {} {middle} {} {} {}", from.0, from.1, from.1, to.1, to.0, to.1);
    out.open("path", &[("class", &class), ("d", &path)]).close("path");
}
