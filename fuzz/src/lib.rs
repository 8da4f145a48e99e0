//! The parts that the fuzz targets share.

pub mod growth;
pub mod input;
pub mod presets;
pub mod reference;
pub mod response;
