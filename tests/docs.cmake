# Pages of docs/ that are written from tables: the target NAME_docs writes docs/NAME.md, a test compares it.
function(chainrule_page name)
  add_executable(write_${name} docs/write_${name}.cpp)
  target_include_directories(write_${name} PRIVATE ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/tests)
  target_link_libraries(write_${name} PRIVATE chainrule)
  chainrule_compile_options(write_${name})
  add_custom_target(${name}_docs COMMAND write_${name} ${PROJECT_SOURCE_DIR}/docs/${name}.md VERBATIM)
  add_test(NAME docs.${name} COMMAND write_${name} --check ${PROJECT_SOURCE_DIR}/docs/${name}.md)
  # Proves that the comparison can fail.
  add_test(NAME docs.${name}_refuses_another COMMAND write_${name} --check ${PROJECT_SOURCE_DIR}/docs/errors.md)
  set_tests_properties(docs.${name}_refuses_another PROPERTIES WILL_FAIL TRUE)
  set_tests_properties(docs.${name} docs.${name}_refuses_another PROPERTIES LABELS docs)
endfunction()

chainrule_page(ops)
chainrule_page(layers)
chainrule_page(optimizers)
chainrule_page(op_errors)
