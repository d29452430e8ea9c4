namespace Qkms.Api.Commands;

/// <summary>
/// The configuration of a command beside the service: from the places, and in the order, of the service's. The builder of the service would
/// load the web server with it, which a command never uses and which takes some 10 MB of memory.
/// </summary>
internal static class CommandConfiguration
{
    /// <summary>Reads it.</summary>
    /// <param name="options">The arguments: settings of the service.</param>
    public static IConfiguration Read(string[] options)
    {
        IConfiguration host = new ConfigurationBuilder()
            .AddEnvironmentVariables("ASPNETCORE_")
            .AddEnvironmentVariables("DOTNET_")
            .AddCommandLine(options)
            .Build();
        string environment = host[HostDefaults.EnvironmentKey] ?? Environments.Production;
        return new ConfigurationBuilder()
            .SetBasePath(AppContext.BaseDirectory)
            .AddConfiguration(host)
            .AddJsonFile("appsettings.json", optional: true, reloadOnChange: false)
            .AddJsonFile($"appsettings.{environment}.json", optional: true, reloadOnChange: false)
            .AddEnvironmentVariables()
            .AddCommandLine(options)
            .Build();
    }
}
