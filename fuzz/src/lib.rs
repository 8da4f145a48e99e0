//! Code that the fuzz targets share.

pub mod input;
pub mod reference;
