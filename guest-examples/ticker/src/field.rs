//! The field with its dots.

use std::collections::BTreeMap;

use ws_guest::ClientId;

pub const WIDTH: u8 = 64;
pub const HEIGHT: u8 = 48;

/// The direction in which a dot moves with each tick. A dot that crosses an edge returns at the opposite one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Heading {
    Up,
    Down,
    Left,
    Right,
    #[default]
    Nowhere,
}

/// Each heading with its command word and its sign in the state.
const HEADINGS: [(Heading, &str, char); 5] = [
    (Heading::Up, "up", '^'),
    (Heading::Down, "down", 'v'),
    (Heading::Left, "left", '<'),
    (Heading::Right, "right", '>'),
    (Heading::Nowhere, "stop", '.'),
];

impl Heading {
    pub fn from_word(word: &str) -> Option<Self> {
        HEADINGS.iter().find(|(_, known, _)| *known == word).map(|(heading, ..)| *heading)
    }

    fn sign(self) -> char {
        HEADINGS.iter().find(|(heading, ..)| *heading == self).map_or('.', |(.., sign)| *sign)
    }

    fn from_sign(sign: char) -> Option<Self> {
        HEADINGS.iter().find(|(.., known)| *known == sign).map(|(heading, ..)| *heading)
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Dot {
    x: u8,
    y: u8,
    heading: Heading,
}

/// The dots of all players, and the number of ticks so far.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Field {
    tick: u64,
    dots: BTreeMap<ClientId, Dot>,
}

impl Field {
    /// Places a player's dot. 7 and 5 are coprime to the field's size, so successive ids land far apart.
    pub fn enter(&mut self, id: ClientId) {
        let place = |factor: u64, size: u8| (id % u64::from(size) * factor % u64::from(size)) as u8;
        self.dots.insert(id, Dot { x: place(7, WIDTH), y: place(5, HEIGHT), heading: Heading::Nowhere });
    }

    pub fn leave(&mut self, id: ClientId) {
        self.dots.remove(&id);
    }

    pub fn steer(&mut self, id: ClientId, heading: Heading) {
        if let Some(dot) = self.dots.get_mut(&id) {
            dot.heading = heading;
        }
    }

    /// Moves all dots.
    pub fn step(&mut self) {
        self.tick += 1;
        for dot in self.dots.values_mut() {
            match dot.heading {
                Heading::Up => dot.y = (dot.y + HEIGHT - 1) % HEIGHT,
                Heading::Down => dot.y = (dot.y + 1) % HEIGHT,
                Heading::Left => dot.x = (dot.x + WIDTH - 1) % WIDTH,
                Heading::Right => dot.x = (dot.x + 1) % WIDTH,
                Heading::Nowhere => {}
            }
        }
    }

    /// Returns `42 7:10,20> 8:3,4.`: the tick, then each player's position and heading. Players receive this text, and
    /// one release hands it to the next.
    pub fn state(&self) -> String {
        let mut state = self.tick.to_string();
        for (id, Dot { x, y, heading }) in &self.dots {
            state += &format!(" {id}:{x},{y}{}", heading.sign());
        }
        state
    }

    pub fn from_state(state: &str) -> Option<Self> {
        let mut words = state.split(' ');
        let tick = words.next()?.parse().ok()?;
        let dots = words.map(|word| {
            let (id, dot) = word.split_once(':')?;
            let (x, rest) = dot.split_once(',')?;
            let (y, sign) = rest.split_at_checked(rest.len().checked_sub(1)?)?;
            let heading = Heading::from_sign(sign.chars().next()?)?;
            let inside = |text: &str, size: u8| text.parse().ok().filter(|n| *n < size);
            Some((id.parse().ok()?, Dot { x: inside(x, WIDTH)?, y: inside(y, HEIGHT)?, heading }))
        });
        Some(Self { tick, dots: dots.collect::<Option<_>>()? })
    }
}

#[cfg(test)]
mod tests {
    use super::{Field, HEADINGS, Heading};

    #[test]
    fn a_dot_goes_where_its_player_steers_it() {
        let mut field = Field::from_state("0 1:10,20.").expect("a state");
        for (word, state) in [("up", "1 1:10,19^"), ("down", "2 1:10,20v"), ("left", "3 1:9,20<"), ("right", "4 1:10,20>")] {
            field.steer(1, Heading::from_word(word).expect("a heading"));
            field.step();
            assert_eq!(field.state(), state);
        }
        field.steer(1, Heading::from_word("stop").expect("a heading"));
        field.step();
        assert_eq!(field.state(), "5 1:10,20.");
    }

    #[test]
    fn the_field_has_no_edges() {
        let mut field = Field::from_state("0 1:0,0^ 2:0,0< 3:63,47v 4:63,47>").expect("a state");
        field.step();
        assert_eq!(field.state(), "1 1:0,47^ 2:63,0< 3:63,0v 4:0,47>");
    }

    #[test]
    fn players_come_and_go() {
        let mut field = Field::default();
        field.enter(3);
        field.enter(u64::MAX);
        field.leave(u64::MAX);
        // Steering after leaving has no effect.
        field.steer(u64::MAX, Heading::Up);
        assert_eq!(field.state(), "0 3:21,15.");
    }

    #[test]
    fn a_field_is_restored_from_its_state() {
        let state: String = (0..).zip(HEADINGS).map(|(id, (.., sign))| format!(" {id}:63,{id}{sign}")).collect();
        let state = format!("42{state}");
        assert_eq!(Field::from_state(&state).expect("a state").state(), state);
        assert!(
            ["", "x", "1 2", "1 2:3", "1 2:3,", "1 2:3,4", "1 2:64,4.", "1 2:3,48.", "1 2:3,4é"]
                .iter()
                .all(|bad| Field::from_state(bad).is_none())
        );
    }
}
