use super::super::{
    board::Board,
    samples::{at, fired, started, told},
    text::cells,
    words::{ENGLISH, SPANISH},
};
use super::{Link, Picture, Size, render};
use domain::ordering::OrderEvent;

fn board(events: Vec<OrderEvent>) -> Board {
    let mut board = Board::default();
    for (event, position) in events.into_iter().zip(1..) {
        board.apply(&told(position, event));
    }
    board
}

fn noted(event: OrderEvent, line_note: &str, order_note: Option<&str>) -> OrderEvent {
    let OrderEvent::LineFired(mut fired) = event else { panic!("only a fired line has a note") };
    fired.note = Some(line_note.to_owned());
    fired.order_note = order_note.map(str::to_owned);
    OrderEvent::LineFired(fired)
}

fn picture(board: &Board) -> Picture<'_> {
    let link = Link::Live { position: 1050 };
    Picture { restaurant: "Casa Demo", station: "grill", link, board, words: &ENGLISH, colours: false }
}

/// The picture without the spaces at the ends of its rows, which no reader of a test can see.
fn drawn(picture: &Picture<'_>, now: u64, width: usize, height: usize) -> String {
    let frame = render(picture, at(now), Size { width, height });
    frame.split("\r\n").map(str::trim_end).collect::<Vec<_>>().join("\n")
}

#[test]
fn tickets_stand_below_and_beside_each_other() {
    let board = board(vec![
        noted(fired(1, 1, "Burger"), "no onions", Some("we share")),
        fired(1, 2, "Ribs"),
        started(1, 2),
        fired(2, 3, "Steak"),
        fired(3, 4, "A very long name of a dish that needs two rows"),
    ]);
    let expected = "\
Casa Demo · grill                            live at position 1050

 0001  table 7             1:04    0003  table 7             1:00
 we share                          · 2 × A very long name of a
 · 2 × Burger                            dish that needs two rows
       no onions
 ▶ 2 × Ribs

 0002  table 7             1:01
 · 2 × Steak


· 3 to cook   ▶ 1 cooking   ✓ 0 ready                Ctrl-C leaves";
    let picture = picture(&board);
    assert_eq!(drawn(&picture, 65, 66, 13), expected);
}

#[test]
fn what_finds_no_room_is_counted() {
    let board = board((1..=5).map(|n| fired(n, n, "Burger")).collect());
    let shown = drawn(&picture(&board), 10, 60, 6);
    assert!(shown.contains(" 0001 ") && !shown.contains(" 0002 "), "{shown}");
    assert!(shown.contains("+ 4 more tickets"), "{shown}");
}

#[test]
fn a_ticket_longer_than_the_screen_says_so() {
    let board = board((1..=9).map(|n| fired(1, n, "Burger")).collect());
    let shown = drawn(&picture(&board), 10, 40, 8);
    assert!(shown.contains("+ 7 more lines"), "{shown}");
}

#[test]
fn an_empty_board_and_a_broken_link_are_told_in_spanish_too() {
    let empty = Board::default();
    let mut picture = picture(&empty);
    picture.words = &SPANISH;
    picture.link = Link::Offline { next_try: at(13) };
    let shown = drawn(&picture, 10, 70, 6);
    assert!(shown.contains("sin conexión, próximo intento en 3 s"), "{shown}");
    assert!(shown.contains("Nada que cocinar."), "{shown}");
}

#[test]
fn every_size_is_filled_exactly() {
    let board = board(vec![noted(fired(1, 1, "寿司盛り合わせ"), "sin wasabi", None), fired(2, 2, "Burger")]);
    for width in 1..90 {
        for height in 1..20 {
            let frame = render(&picture(&board), at(700), Size { width, height });
            let rows: Vec<&str> = frame.split("\r\n").collect();
            assert_eq!(rows.len(), height, "{width}x{height}");
            assert!(rows.iter().all(|row| cells(row) == width), "{width}x{height}: {rows:?}");
        }
    }
}

#[test]
fn colours_change_nothing_but_colours() {
    let board = board(vec![fired(1, 1, "Burger"), fired(2, 2, "Steak"), started(2, 2)]);
    let without = render(&picture(&board), at(700), Size { width: 70, height: 12 });
    let mut picture = picture(&board);
    picture.colours = true;
    let with = render(&picture, at(700), Size { width: 70, height: 12 });
    assert!(with.contains("\x1b[1;97;41m"), "a late ticket is red");
    let mut stripped = String::new();
    for (number, piece) in with.split("\x1b[").enumerate() {
        stripped.push_str(if number == 0 { piece } else { piece.split_once('m').unwrap().1 });
    }
    assert_eq!(stripped, without);
}
