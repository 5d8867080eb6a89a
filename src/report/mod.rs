//! Ninth stage: what a person or another program reads. Sees results only.

pub mod html;
