# Which Python the package is for, where nobody said: the first of these that has NumPy.
if(NOT Python3_EXECUTABLE)
  foreach(candidate python3 /usr/bin/python3)
    execute_process(COMMAND ${candidate} -c "import numpy, sys; print(sys.executable)"
                    OUTPUT_VARIABLE found OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE status)
    if(status EQUAL 0)
      set(Python3_EXECUTABLE ${found} CACHE FILEPATH "The Python that the package is for")
      break()
    endif()
  endforeach()
endif()
