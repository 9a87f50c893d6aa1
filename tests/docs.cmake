# docs/ops.md is written from the table of operations: the target ops_docs writes it, a test compares it.
add_executable(write_ops docs/write_ops.cpp)
target_include_directories(write_ops PRIVATE ${PROJECT_SOURCE_DIR}/src)
target_link_libraries(write_ops PRIVATE chainrule)
chainrule_compile_options(write_ops)

# docs/op_errors.md holds measured errors; it is not compared, since their last digits are the C library's.
add_executable(write_op_errors docs/write_op_errors.cpp)
target_include_directories(write_op_errors PRIVATE ${PROJECT_SOURCE_DIR}/src)
target_link_libraries(write_op_errors PRIVATE chainrule)
chainrule_compile_options(write_op_errors)
add_custom_target(op_errors COMMAND write_op_errors ${PROJECT_SOURCE_DIR}/docs/op_errors.md VERBATIM)

add_custom_target(ops_docs COMMAND write_ops ${PROJECT_SOURCE_DIR}/docs/ops.md VERBATIM)

add_test(NAME docs.ops COMMAND write_ops --check ${PROJECT_SOURCE_DIR}/docs/ops.md)
# Proves that the comparison can fail.
add_test(NAME docs.ops_refuses_another COMMAND write_ops --check ${PROJECT_SOURCE_DIR}/docs/errors.md)
set_tests_properties(docs.ops_refuses_another PROPERTIES WILL_FAIL TRUE)
add_test(NAME docs.op_errors COMMAND write_op_errors ${CMAKE_CURRENT_BINARY_DIR}/op_errors.md)
set_tests_properties(docs.ops docs.ops_refuses_another docs.op_errors PROPERTIES LABELS docs)
