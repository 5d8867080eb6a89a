use crate::heatmap::Heatmap;

/// The JSON Schema of the output, generated from its types.
pub fn json_schema() -> serde_json::Value {
    schemars::schema_for!(Heatmap).to_value()
}
