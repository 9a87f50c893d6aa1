# The tool's own that the module holds: what a file run.toml means, what explanations look like as JSON.
set(tool experiment experiment_data fit key_names mapped_file sized_net training explain_json explain_net_json
         explain_batch model_options net_gradients tables_json)
list(TRANSFORM tool REPLACE "(.+)" "${PROJECT_SOURCE_DIR}/cli/\\1.cpp")
