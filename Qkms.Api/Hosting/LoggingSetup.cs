namespace Qkms.Api.Hosting;

/// <summary>Logs to the console: lines for people in Development, JSON for machines elsewhere.</summary>
internal static class LoggingSetup
{
    public static WebApplicationBuilder AddQkmsLogging(this WebApplicationBuilder builder)
    {
        builder.Logging.ClearProviders();
        if (builder.Environment.IsDevelopment())
            builder.Logging.AddSimpleConsole(options => options.SingleLine = true);
        else
            builder.Logging.AddJsonConsole(options => options.UseUtcTimestamp = true);

        return builder;
    }
}
