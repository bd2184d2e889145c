% Prints the values of an evaluator: evaluate('scenes.mat', 'columns.txt').
%
% A line of columns.txt is a name, an expression of a, b (sources) and f (fused), whole levels
% 0..255 as double, and the names of the scenes, with tabs between them; a8, b8 and f8 are the same
% as uint8.
function evaluate(scenes, columns)
  warning('off', 'all');
  pkg load image
  pkg load signal
  held = load(scenes);
  lines = strsplit(strtrim(fileread(columns)), "\n");
  for i = 1:numel(lines)
    part = strsplit(lines{i}, "\t");
    names = strsplit(part{3}, ' ');
    for j = 1:numel(names)
      try
        value = value_of(part{2}, held.(names{j}));
        fprintf('\nvalue\t%s\t%s\t%.17g\n', names{j}, part{1}, value);
      catch problem
        said = regexprep(problem.message, '\s+', ' ');
        fprintf('\nfailed\t%s\t%s\t%s\n', names{j}, part{1}, said);
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
