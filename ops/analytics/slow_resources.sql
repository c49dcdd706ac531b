-- How long answers of each resource take, at the median and the 95th percentile, over the last hour.
SELECT
  blob2 AS resource,
  blob3 AS outcome,
  SUM(_sample_interval * double1) AS requests,
  quantileExactWeighted(0.5)(double4, _sample_interval * double1) AS duration_ms_p50,
  quantileExactWeighted(0.95)(double4, _sample_interval * double1) AS duration_ms_p95
FROM cache_analytics
WHERE blob1 = 'request' AND timestamp > NOW() - INTERVAL '1' HOUR
GROUP BY resource, outcome
ORDER BY duration_ms_p95 DESC
