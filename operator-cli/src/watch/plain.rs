//! The console as lines: one per event, for pipes and tests.
//!
//! ```text
//! board 1040 1                          the view's position and number of lines, each of which follows
//! on-board <line id> preparing 2x Burger
//! catching-up
//! line.fired 1044 <line id> 1x Steak
//! line.ready 1046 <line id>
//! live 1050
//! offline 3                             seconds until the next attempt
//! reset far                             a board follows
//! ```

use super::{clock::ServerClock, follow::News, link::Link, snapshot::Snapshot, text::plain, told::Told};
use domain::{event::Event, ordering::OrderEvent};

/// What a piece of news reads like: any number of lines.
pub(super) fn lines(news: &News, clock: ServerClock) -> Vec<String> {
    match news {
        News::Loaded(_, snapshot) => board(snapshot),
        News::Told(told) => vec![event(told)],
        News::Link(Link::Live { position }) => vec![format!("live {position}")],
        News::Link(Link::CatchingUp) => vec!["catching-up".to_owned()],
        News::Link(Link::Offline { next_try }) => vec![format!("offline {}", Link::seconds(*next_try, clock.now()))],
        News::Reset(why) => vec![format!("reset {}", why.as_str())],
        News::Moved(_) | News::Link(Link::Connecting) => Vec::new(),
    }
}

fn board(snapshot: &Snapshot) -> Vec<String> {
    let board = &snapshot.board;
    let mut lines = vec![format!("board {} {}", board.cursor.position, board.lines().count())];
    lines.extend(board.lines().map(|line| {
        let (id, state, quantity) = (line.line_id, line.state.as_str(), line.quantity);
        format!("on-board {id} {state} {quantity}x {}", plain(&line.name))
    }));
    lines
}

fn event(told: &Told) -> String {
    let head = format!("{} {}", told.event_type, told.cursor.position);
    let Some(Event::Order(event)) = &told.event else { return head };
    match event {
        OrderEvent::LineFired(line) => format!("{head} {} {}x {}", line.line_id, line.quantity, plain(&line.name)),
        OrderEvent::LineStarted(line) => format!("{head} {}", line.line_id),
        OrderEvent::LineReady(line) => format!("{head} {}", line.line_id),
        OrderEvent::LineServed(line) => format!("{head} {}", line.line_id),
        OrderEvent::LineVoided(line) => format!("{head} {}", line.line_id),
        // A kitchen hears of lines only.
        OrderEvent::Placed(_)
        | OrderEvent::Accepted(_)
        | OrderEvent::Rejected(_)
        | OrderEvent::Cancelled(_)
        | OrderEvent::Completed(_) => head,
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::{fired, started, told};
    use super::*;

    fn line(news: &News) -> String {
        lines(news, ServerClock::default()).join("\n")
    }

    #[test]
    fn each_event_is_a_line_that_a_script_can_read() {
        let id = "00000000-0000-0000-0000-000000000002";
        assert_eq!(line(&News::Told(told(1044, fired(1, 2, "Burger")))), format!("line.fired 1044 {id} 2x Burger"));
        assert_eq!(line(&News::Told(told(1046, started(1, 2)))), format!("line.started 1046 {id}"));
        assert_eq!(line(&News::Link(Link::Live { position: 1050 })), "live 1050");
    }
}
