"""A store in forms that others read: Parquet for data frames, kcidb for the results of CI."""
