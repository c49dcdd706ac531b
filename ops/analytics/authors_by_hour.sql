-- Authors that warming has processed and the works that it found, by hour, over the last day.
SELECT
  toStartOfInterval(timestamp, INTERVAL '1' HOUR) AS hour,
  SUM(_sample_interval * double1) AS authors,
  SUM(_sample_interval * double2) AS works
FROM warming_analytics
WHERE blob1 = 'author_processed' AND blob4 = 'processed' AND timestamp > NOW() - INTERVAL '1' DAY
GROUP BY hour
ORDER BY hour DESC
