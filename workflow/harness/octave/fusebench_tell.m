% Prints a line that the launcher reads.
function fusebench_tell(text)
  fprintf('%sfusebench: %s\n', char(30), text);
  if exist('OCTAVE_VERSION', 'builtin') > 0
    fflush(stdout);
  end
end
