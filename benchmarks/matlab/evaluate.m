% Prints the values of an evaluator: evaluate('scenes.mat', 'columns.txt').
%
% A line of columns.txt is a name, a tab and an expression of a, b (sources) and f (fused), whole
% levels 0..255 as double; a8, b8 and f8 are the same as uint8.
function evaluate(scenes, columns)
  warning('off', 'all');
  pkg load image
  pkg load signal
  held = load(scenes);
  names = fieldnames(held);
  lines = strsplit(strtrim(fileread(columns)), "\n");
  for i = 1:numel(names)
    scene = held.(names{i});
    for j = 1:numel(lines)
      part = strsplit(lines{j}, "\t");
      try
        fprintf('\nvalue\t%s\t%s\t%.17g\n', names{i}, part{1}, value_of(part{2}, scene));
      catch problem
        said = regexprep(problem.message, '\s+', ' ');
        fprintf('\nfailed\t%s\t%s\t%s\n', names{i}, part{1}, said);
      end
    end
  end
end

function value = value_of(expression, scene)
  a = scene.a;
  b = scene.b;
  f = scene.f;
  a8 = uint8(a);
  b8 = uint8(b);
  f8 = uint8(f);
  value = eval([expression ';']);
end
