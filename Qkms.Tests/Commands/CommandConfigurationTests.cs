using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Qkms.Api.Commands;

namespace Qkms.Tests.Commands;

/// <summary>K-06: a command beside the service reads the settings that the service reads.</summary>
public sealed class CommandConfigurationTests
{
    // What only a host has.
    private static readonly string[] _ofHost = ["contentRoot", "applicationName", "environment"];

    [Theory]
    [InlineData]
    [InlineData("--Qkms:DataDirectory=elsewhere", "--Logging:LogLevel:Default", "Debug")]
    [InlineData("--environment=Development", "--qkms:datadirectory=elsewhere", "--contentRoot=/nowhere")]
    public void A_command_reads_what_the_service_reads(params string[] options)
    {
        IConfiguration service = WebApplication.CreateSlimBuilder(
            new WebApplicationOptions { Args = options, ContentRootPath = AppContext.BaseDirectory }).Configuration;

        Values(CommandConfiguration.Read(options)).Should().BeEquivalentTo(Values(service)).And.NotBeEmpty();
    }

    private static Dictionary<string, string> Values(IConfiguration configuration) => configuration.AsEnumerable()
        .Where(pair => pair.Value is not null && !_ofHost.Contains(pair.Key, StringComparer.OrdinalIgnoreCase))
        .ToDictionary(pair => pair.Key.ToUpperInvariant(), pair => pair.Value!);
}
