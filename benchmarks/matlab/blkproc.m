% MATLAB's blkproc without a border: f is called for each block; the last ones are filled with zeros.
function b = blkproc(a, block, border, f)
  if any(border ~= 0)
    error('blkproc: only a border of zero');
  end
  a = postpad(a, ceil(size(a, 1) / block(1)) * block(1), 0, 1);
  a = postpad(a, ceil(size(a, 2) / block(2)) * block(2), 0, 2);
  rows = block(1) * ones(1, size(a, 1) / block(1));
  columns = block(2) * ones(1, size(a, 2) / block(2));
  b = cell2mat(cellfun(f, mat2cell(a, rows, columns), 'UniformOutput', false));
end
