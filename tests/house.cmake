# Tests of the house around the code: the scripts that set up a machine and check the sources, and the installed
# library seen from outside.
foreach(name checks install asking chainrule languages)
  add_test(NAME scripts.${name}
           COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/scripts/${name}_test.sh ${CMAKE_CURRENT_BINARY_DIR}/scripts/${name})
  set_tests_properties(scripts.${name} PROPERTIES LABELS scripts SKIP_RETURN_CODE 77)
endforeach()

# A program built without sanitizers cannot be linked to a library built with them.
if(CHAINRULE_SANITIZE)
  return()
endif()

set(work ${CMAKE_CURRENT_BINARY_DIR}/install)
add_test(NAME install.remove_old COMMAND ${CMAKE_COMMAND} -E rm -rf ${work}/prefix)
add_test(NAME install.into_prefix COMMAND ${CMAKE_COMMAND} --install ${PROJECT_BINARY_DIR} --prefix ${work}/prefix)
set_tests_properties(install.remove_old PROPERTIES FIXTURES_SETUP empty_prefix)
set_tests_properties(install.into_prefix PROPERTIES FIXTURES_SETUP installed FIXTURES_REQUIRED empty_prefix)

set(kinds cmake pkg-config readme page inside fetched)
if(TARGET chainrule_onnx)
  list(APPEND kinds onnx)
endif()
foreach(kind ${kinds})
  add_test(NAME install.${kind}
           COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/install/consumer_test.sh ${kind} ${work}/prefix ${work}/${kind})
  set_tests_properties(install.${kind} PROPERTIES FIXTURES_REQUIRED installed)
endforeach()

# The operations; a training loop by hand (nets and optimizers); and everything: data, files, trainer, explanations too.
foreach(cost "ops 1.5" "optim 2.25" "chainrule 3")
  separate_arguments(cost)
  list(GET cost 0 header)
  list(GET cost 1 limit)
  add_test(NAME install.include_cost_${header}
           COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/install/include_cost_test.sh ${limit} chainrule/${header}.h
                   ${PROJECT_SOURCE_DIR}/include ${work}/cost_${header})
  set_tests_properties(install.include_cost_${header} PROPERTIES RUN_SERIAL TRUE)
endforeach()

set_tests_properties(install.remove_old install.into_prefix install.cmake install.pkg-config install.readme
                     install.page install.inside install.fetched install.include_cost_ops
                     install.include_cost_optim install.include_cost_chainrule
                     PROPERTIES LABELS install ENVIRONMENT CXX=${CMAKE_CXX_COMPILER})
