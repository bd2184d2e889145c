% Prepares a run: packages, seeds, hidden figures, the search path, the working folder.
%
% seed: of rand and randn. packages: of Octave. shims: folders of functions that
% stand before all others. folder: where the code starts.
function fusebench_prepare(seed, packages, shims, folder)
  octave = exist('OCTAVE_VERSION', 'builtin') > 0;
  if octave
    for one = packages
      pkg('load', one{1});
    end
    warning('off', 'Octave:shadowed-function');
    warning('off', 'octave:get_input:invalid_utf8');
    rand('twister', seed);
    randn('twister', seed);
    version_found = OCTAVE_VERSION;
  else
    rng(seed);
    version_found = version;
  end
  set(0, 'DefaultFigureVisible', 'off');
  cd(folder);
  addpath(genpath(pwd));
  for one = shims
    addpath(one{1});
  end
  fusebench_tell(['ready ' version_found]);
end
