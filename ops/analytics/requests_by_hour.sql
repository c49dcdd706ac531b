-- Requests, hits, misses and the hit rate of each resource, by hour, over the last day.
SELECT
  toStartOfInterval(timestamp, INTERVAL '1' HOUR) AS hour,
  blob2 AS resource,
  SUM(_sample_interval * double1) AS requests,
  SUM(_sample_interval * double2) AS hits,
  SUM(_sample_interval * double3) AS misses,
  SUM(_sample_interval * double2) / SUM(_sample_interval * double1) AS hit_rate
FROM cache_analytics
WHERE blob1 = 'request' AND timestamp > NOW() - INTERVAL '1' DAY
GROUP BY hour, resource
ORDER BY hour DESC, requests DESC
