//! Rebuilding a view during service.

mod held_back;
mod killed_twice;
mod noon;
mod readers;
