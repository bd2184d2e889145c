% How dlpan.npz was made: DLPan-Toolbox at a34f884, folder 02-Test-toolbox.../Tools, GS and GLP on the
% path, GNU Octave 7.3 with its packages image and signal; in.mat holds what made.py returns.
% Octave lacks fwind1 and has another cov; these two follow MATLAB:
%   fwind1(hd, w): the window is interpolated over the radius, as MATLAB's Huang method does
%   cov(x, y): the 2 x 2 matrix of two vectors
% Every fifth row of each array is kept.
pkg load image; pkg load signal;
function h = fwind1(hd, w)
  n = numel(w); t = (-(n-1)/2:(n-1)/2)*(2/(n-1)); [t1,t2] = meshgrid(t,t); r = sqrt(t1.^2+t2.^2);
  far = r > t(end); r(far) = 0; ww = reshape(interp1(t,w,r(:)),n,n); ww(far) = 0;
  hd = rot90(fftshift(rot90(hd,2)),2); h = rot90(fftshift(ifft2(hd)),2).*ww;
end
function c = cov(x, y)
  z = [x(:) y(:)]; z = z - mean(z,1); c = z'*z/(size(z,1)-1);
end
function y = mean2(x), y = mean(x(:)); end
function y = std2(x), y = std(x(:)); end
load in.mat
out.filtered = MTF(bands,'QB',4);
out.reduced = zeros(8,8,3);
for k = 1:3, out.reduced(:,:,k) = imresize(out.filtered(:,:,k),1/4,'nearest'); end
out.enlarged = interp23tap(out.reduced,4);
out.gs = GS(out.enlarged,pan);
out.gsa = GSA(out.enlarged,pan,out.reduced,4);
out.mtf_glp = MTF_GLP(out.enlarged,pan,'QB',4);
out.mtf_glp_hpm = MTF_GLP_HPM(out.enlarged,pan,'QB',4);
save('-v6','out.mat','-struct','out');
