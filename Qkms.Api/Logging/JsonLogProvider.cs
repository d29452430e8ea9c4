using System.Collections.Concurrent;

namespace Qkms.Api.Logging;

/// <summary>Logs one JSON object per line, in the format of the framework's own JSON console at a fraction of its cost.</summary>
[ProviderAlias("Console")]
internal sealed class JsonLogProvider(LogOutput output, TimeProvider time) : ILoggerProvider
{
    private readonly ConcurrentDictionary<string, JsonLogger> _loggers = new(StringComparer.Ordinal);

    public ILogger CreateLogger(string categoryName) =>
        _loggers.GetOrAdd(categoryName, static (category, provider) => provider.NewLogger(category), this);

    public void Dispose() => output.Dispose();

    private JsonLogger NewLogger(string category) => new(category, output, time);
}
