# Pages of docs/ that are written from tables: the target NAME_docs writes docs/NAME.md, a test compares it.
function(chainrule_page name library)
  add_executable(write_${name} docs/write_${name}.cpp)
  target_include_directories(write_${name} PRIVATE ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/tests)
  target_link_libraries(write_${name} PRIVATE ${library})
  chainrule_compile_options(write_${name})
  chainrule_quick_compile(write_${name})
  add_custom_target(${name}_docs COMMAND write_${name} ${PROJECT_SOURCE_DIR}/docs/${name}.md VERBATIM)
  add_test(NAME docs.${name} COMMAND write_${name} --check ${PROJECT_SOURCE_DIR}/docs/${name}.md)
  # Proves that the comparison can fail.
  add_test(NAME docs.${name}_refuses_another COMMAND write_${name} --check ${PROJECT_SOURCE_DIR}/docs/errors.md)
  set_tests_properties(docs.${name}_refuses_another PROPERTIES WILL_FAIL TRUE)
  set_tests_properties(docs.${name} docs.${name}_refuses_another PROPERTIES LABELS docs)
endfunction()

chainrule_page(environment chainrule)
chainrule_page(ops chainrule)
chainrule_page(op_errors chainrule)
chainrule_page(layers chainrule)
chainrule_page(optimizers chainrule)
chainrule_page(losses chainrule_train)
chainrule_page(data chainrule_data)

# The links between the pages as they lie in the tree, and proof that dead ones are found.
add_test(NAME docs.links COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/docs/links_test.py ${PROJECT_SOURCE_DIR})
add_test(NAME docs.links_finds_dead_ones COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/docs/links_test.py --self-test)
set_tests_properties(docs.links docs.links_finds_dead_ones PROPERTIES LABELS docs)

# The site as a whole: every link of it. It skips, and says so, where MkDocs or Doxygen is missing.
add_test(NAME docs.site COMMAND ${PROJECT_SOURCE_DIR}/scripts/site.py ${PROJECT_BINARY_DIR}/site)
set_tests_properties(docs.site PROPERTIES LABELS docs SKIP_RETURN_CODE 77)

# The picture of README.md, as the tool draws it today.
if(CHAINRULE_BUILD_CLI)
  set(picture ${CMAKE_CURRENT_BINARY_DIR}/explain.svg)
  add_test(NAME docs.picture
           COMMAND sh -c "$<TARGET_FILE:chainrule_cli> explain '(w*2+b)*(b+1)' --at w=3,b=4 --out ${picture} && diff ${picture} ${PROJECT_SOURCE_DIR}/docs/pictures/explain.svg")
  set_tests_properties(docs.picture PROPERTIES LABELS docs)
endif()
if(TARGET chainrule_onnx)
  chainrule_page(onnx chainrule_onnx)
endif()
