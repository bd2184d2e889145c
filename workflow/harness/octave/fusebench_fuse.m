% Calls a function of VIFB's interface on one pair and writes its result.
%
% a, b: files of source images A (infrared) and B (visible). result: the file to write; an image of
% doubles has values from 0 to 1, as imwrite takes them, and as VIFB's own program writes it.
function fusebench_fuse(name, a, b, result)
  here = pwd;
  img = feval(name, fusebench_image(b), fusebench_image(a), 0);
  cd(here);
  imwrite(img, result);
  close('all');
  fusebench_tell(['written ' result]);
end

function one = fusebench_image(file)
  [folder, name, ext] = fileparts(file);
  one = struct('img', file, 'path', [folder '/'], 'name', name, 'ext', ext(2:end));
end
