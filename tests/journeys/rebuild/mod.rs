//! Rebuilding a view during service.

mod killed_twice;
mod noon;
mod readers;
