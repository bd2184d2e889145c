% Octave's blockproc hands the function a matrix; this one hands it a struct with the field data.
%
% b = blockproc(a, [m n], f): f is called for each block of m x n pixels (smaller at the lower and
% right edge) with a struct of the fields data, location, blockSize and imageSize.
function b = blockproc(a, block, f)
  fusebench_tell('shim blockproc');
  rows = 1:block(1):size(a, 1);
  columns = 1:block(2):size(a, 2);
  parts = cell(numel(rows), numel(columns));
  for i = 1:numel(rows)
    for j = 1:numel(columns)
      down = rows(i):min(rows(i) + block(1) - 1, size(a, 1));
      right = columns(j):min(columns(j) + block(2) - 1, size(a, 2));
      one = struct('data', a(down, right, :), 'location', [rows(i) columns(j)], ...
                   'blockSize', block, 'imageSize', size(a));
      parts{i, j} = f(one);
    end
  end
  b = cell2mat(parts);
end
