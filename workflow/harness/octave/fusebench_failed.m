% Prints where an error came from and, as the last line, what it says; ends with exit status 1.
function fusebench_failed(err)
  for one = err.stack'
    fprintf(2, '  %s:%d\n', one.name, one.line);
  end
  fprintf(2, 'error: %s\n', err.message);
  exit(1);
end
