% MATLAB's ssim of two images of type double, whose range it takes for 1: a Gaussian of 1.5 pixels
% in a window of 11, edges repeated, and the mean of the whole map (documented with ssim).
function value = ssim(x, y)
  window = fspecial('gaussian', 11, 1.5);
  smooth = @(image) imfilter(image, window, 'replicate');
  c1 = 0.01 ^ 2;
  c2 = 0.03 ^ 2;
  mx = smooth(x);
  my = smooth(y);
  vx = smooth(x .^ 2) - mx .^ 2;
  vy = smooth(y .^ 2) - my .^ 2;
  cov = smooth(x .* y) - mx .* my;
  map = ((2 * mx .* my + c1) .* (2 * cov + c2)) ./ ((mx .^ 2 + my .^ 2 + c1) .* (vx + vy + c2));
  value = mean(map(:));
end
