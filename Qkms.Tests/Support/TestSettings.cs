using Microsoft.Extensions.Configuration;
using Qkms.Api.Hosting;

namespace Qkms.Tests.Support;

/// <summary>The settings of a command that a test runs in this process.</summary>
internal static class TestSettings
{
    public static QkmsSettings Of(string dataDirectory, IReadOnlyDictionary<string, string> storage) =>
        QkmsSettings.From(ConfigurationOf(dataDirectory, storage));

    /// <summary>The same before it is read; of several that set one thing, the last counts.</summary>
    public static IConfiguration ConfigurationOf(string dataDirectory, params IReadOnlyDictionary<string, string>[] settings)
    {
        ConfigurationBuilder builder = new();
        foreach (IReadOnlyDictionary<string, string> some in settings)
            builder.AddInMemoryCollection(some.Select(pair => KeyValuePair.Create(pair.Key, (string?)pair.Value)));

        return builder.AddInMemoryCollection([KeyValuePair.Create("Qkms:DataDirectory", (string?)dataDirectory)]).Build();
    }
}
