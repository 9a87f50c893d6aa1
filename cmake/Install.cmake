# What `cmake --install` puts where, for find_package(chainrule) and for pkg-config. Each library is an export set
# of its own, so that a program without data sets needs no zlib, libpng, libjpeg or libzip.
include(CMakePackageConfigHelpers)

set(config_dir ${CMAKE_INSTALL_LIBDIR}/cmake/chainrule)

install(DIRECTORY include/chainrule DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")

install(TARGETS chainrule EXPORT chainrule-core ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(TARGETS chainrule_data EXPORT chainrule-data ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(TARGETS chainrule_c_export EXPORT chainrule-c_export ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(TARGETS chainrule_train chainrule_all EXPORT chainrule-train ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
set(components core data train c_export)
if(TARGET chainrule_onnx)
  install(TARGETS chainrule_onnx EXPORT chainrule-onnx ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
  list(APPEND components onnx)
  set(onnx chainrule_onnx)
  set(onnx_pc chainrule-onnx)
endif()
if(TARGET chainrule_dist)
  install(TARGETS chainrule_dist EXPORT chainrule-dist ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
  list(APPEND components dist)
endif()
foreach(component ${components})
  install(EXPORT chainrule-${component} NAMESPACE chainrule:: DESTINATION ${config_dir}
          FILE chainrule-${component}.cmake)
endforeach()

# Without the names that nobody but the library needs to find; programs are linked as before.
if(CMAKE_STRIP AND CMAKE_BUILD_TYPE STREQUAL "Release")
  install(CODE "
    foreach(name chainrule chainrule_data chainrule_train chainrule_c_export ${onnx})
      execute_process(COMMAND ${CMAKE_STRIP} --strip-unneeded
                      \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_LIBDIR}/lib\${name}.a\")
    endforeach()")
endif()

configure_package_config_file(cmake/chainrule-config.cmake.in ${PROJECT_BINARY_DIR}/chainrule-config.cmake
                              INSTALL_DESTINATION ${config_dir})
# Before 1.0, a new minor version may change the interface.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/chainrule-config-version.cmake
                                 COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/chainrule-config.cmake ${PROJECT_BINARY_DIR}/chainrule-config-version.cmake
        DESTINATION ${config_dir})

# The prefix is found from where the .pc file lies: an installed tree can be moved.
set(pc_dir ${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_LIBDIR}/pkgconfig)
file(RELATIVE_PATH pc_to_prefix ${pc_dir} ${CMAKE_INSTALL_PREFIX})
foreach(name chainrule chainrule-core chainrule-data chainrule-train ${onnx_pc})
  configure_file(cmake/${name}.pc.in ${PROJECT_BINARY_DIR}/${name}.pc @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/${name}.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endforeach()

if(TARGET chainrule_cli)
  install(TARGETS chainrule_cli RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  # The manual's pages and what shells complete by come from the tool itself; it cannot run here if this is a build
  # for another machine.
  if(NOT CMAKE_CROSSCOMPILING)
    install(DIRECTORY ${PROJECT_BINARY_DIR}/man/ DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
    install(FILES ${PROJECT_BINARY_DIR}/completion/chainrule.bash RENAME chainrule
            DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
    install(FILES ${PROJECT_BINARY_DIR}/completion/chainrule.zsh RENAME _chainrule
            DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
    install(FILES ${PROJECT_BINARY_DIR}/completion/chainrule.fish
            DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
  endif()
endif()
