using Qkms.Api.Hosting;
using Qkms.Core.Keyrings;

namespace Qkms.Api.Commands;

/// <summary>
/// What every command on the host begins with: help, the rule of the environment, the settings; and one line for what went wrong.
/// </summary>
internal static class HostCommand
{
    /// <summary>It was done.</summary>
    public const int Done = 0;

    /// <summary>It could not be done, or not finished: one line on standard error says why.</summary>
    public const int CouldNot = 2;

    /// <summary>Runs a command; the exit code. Asked for help, it answers that and does nothing else.</summary>
    /// <param name="split">Parts the arguments; may refuse them with <see cref="SettingsException"/>.</param>
    /// <param name="optionsOf">The settings of the service among them.</param>
    /// <param name="environment">What the environment says of the root key.</param>
    /// <param name="work">Does the rest; the exit code.</param>
    /// <param name="failure">Begins the line for what went wrong, such as "Qkms cannot verify".</param>
    public static Task<int> RunAsync<T>(
        Func<T> split,
        Func<T, string[]> optionsOf,
        RootKeyEnvironment environment,
        Func<T, IConfiguration, QkmsSettings, Task<int>> work,
        string failure) => StartFailures.ExplainAsync(
        async () =>
        {
            T given = split();
            string[] options = optionsOf(given);
            if (CommandLine.Answer(options) is { } answer)
            {
                await Console.Out.WriteAsync(answer);
                return Done;
            }

            EnvironmentRule.Check(EnvironmentRule.VariablesOfProcess(), environment.CredentialsDirectory);
            IConfiguration configuration = CommandConfiguration.Read(options);
            return await work(given, configuration, QkmsSettings.From(configuration));
        },
        failure,
        CouldNot);

    /// <summary>The same for a command whose arguments are <see cref="CommandArguments"/>.</summary>
    public static Task<int> RunAsync(
        Func<CommandArguments> split,
        RootKeyEnvironment environment,
        Func<CommandArguments, QkmsSettings, Task<int>> work,
        string failure) =>
        RunAsync(split, given => given.Options, environment, (given, _, settings) => work(given, settings), failure);
}
