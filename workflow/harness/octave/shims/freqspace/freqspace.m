% Octave lacks freqspace: the frequencies (1 is pi) of a filter of n, or of [m n], values.
%
% f = freqspace(n) and f = freqspace(n, 'whole') are the frequencies of a filter of one dimension;
% [f1, f2] = freqspace(n) and freqspace([m n], 'meshgrid') those of two, as MATLAB documents them.
function [f1, f2] = freqspace(n, flag)
  fusebench_tell('shim freqspace');
  if nargout < 2
    if nargin > 1 && strcmp(flag, 'whole')
      f1 = (0:n - 1) * 2 / n;
    else
      f1 = (0:2:n) / n;
    end
    return;
  end
  if numel(n) == 1
    n = [n n];
  end
  f1 = centred(n(2));
  f2 = centred(n(1));
  if nargin > 1 && strcmp(flag, 'meshgrid')
    [f1, f2] = meshgrid(f1, f2);
  end
end

function f = centred(n)
  f = ((0:n - 1) - floor(n / 2)) * 2 / n;
end
