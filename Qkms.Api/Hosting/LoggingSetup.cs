namespace Qkms.Api.Hosting;

/// <summary>Logs to the console: lines for people in Development, JSON for machines elsewhere.</summary>
internal static class LoggingSetup
{
    public static WebApplicationBuilder AddQkmsLogging(this WebApplicationBuilder builder)
    {
        builder.Logging.ClearProviders();
        if (builder.Environment.IsDevelopment())
            builder.Logging.AddSimpleConsole(options =>
            {
                options.SingleLine = true;
                options.TimestampFormat = "HH:mm:ss.fff ";
            });
        else
            builder.Logging.AddJsonConsole(options =>
            {
                options.UseUtcTimestamp = true;
                options.TimestampFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";
            });

        return builder;
    }
}
