-- Keys (by their hashes) that were read in the last 89 days and not within the last 7, those that were read longest ago first.
SELECT
  index1 AS key_hash,
  blob2 AS resource,
  SUM(_sample_interval * double1) AS reads,
  MAX(double2) AS last_read
FROM key_reads
WHERE blob1 = 'key_read' AND timestamp > NOW() - INTERVAL '89' DAY
GROUP BY key_hash, resource
HAVING last_read < toUnixTimestamp(NOW() - INTERVAL '7' DAY)
ORDER BY last_read
LIMIT 1000
