using Microsoft.Extensions.Logging.Console;

namespace Qkms.Api.Logging;

/// <summary>Logs to the console: lines for people in Development, JSON for machines elsewhere.</summary>
internal static class LoggingSetup
{
    // Says nothing that RequestLog does not say, and makes the host start an activity for each request while it could.
    private const string HostDiagnostics = "Microsoft.AspNetCore.Hosting.Diagnostics";

    public static WebApplicationBuilder AddQkmsLogging(this WebApplicationBuilder builder)
    {
        builder.Logging.ClearProviders();
        builder.Logging.AddFilter(HostDiagnostics, LogLevel.None);
        if (builder.Environment.IsDevelopment())
        {
            builder.Logging.AddSimpleConsole(options =>
            {
                options.SingleLine = true;
                options.TimestampFormat = "HH:mm:ss.fff ";
            });

            // Its own choice is to wait for the reader.
            builder.Services.Configure<ConsoleLoggerOptions>(
                console => console.QueueFullMode = ConsoleLoggerQueueFullMode.DropWrite);
        }
        else
        {
            builder.Services.AddSingleton<ILoggerProvider>(services =>
                new JsonLogProvider(Console.OpenStandardOutput(), services.GetRequiredService<TimeProvider>()));
        }

        return builder;
    }
}
