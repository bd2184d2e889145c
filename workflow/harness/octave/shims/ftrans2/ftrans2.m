% Octave lacks ftrans2: a filter of two dimensions from one of one, by the McClellan transform.
%
% h = ftrans2(b, t): b is a symmetric filter of odd length; t is the transform, by default
% McClellan's [1 2 1; 2 -4 2; 1 2 1] / 8. The filter of two dimensions is the sum of a(k) T_k(t),
% with the Chebyshev polynomials T_k and a the cosine coefficients of b (Lim, Two-Dimensional
% Signal and Image Processing, 1990, section 4.4).
function h = ftrans2(b, t)
  fusebench_tell('shim ftrans2');
  if nargin < 2
    t = [1 2 1; 2 -4 2; 1 2 1] / 8;
  end
  n = (numel(b) - 1) / 2;
  if n ~= floor(n) || any(abs(b(:) - flipud(b(:))) > sqrt(eps))
    error('ftrans2: b must be symmetric and of odd length');
  end
  a = [b(n + 1), 2 * reshape(b(n + 2:end), 1, [])];
  before = 1;
  now = t;
  h = a(1);
  for k = 1:n
    h = sum_of_centred(h, a(k + 1) * now);
    after = sum_of_centred(2 * conv2(t, now), -before);
    before = now;
    now = after;
  end
  h = rot90(h, 2);
end

function c = sum_of_centred(a, b)
  if all(size(a) <= size(b))
    [a, b] = deal(b, a);
  end
  at = (size(a) - size(b)) / 2;
  c = a;
  rows = at(1) + (1:size(b, 1));
  columns = at(2) + (1:size(b, 2));
  c(rows, columns) = c(rows, columns) + b;
end
