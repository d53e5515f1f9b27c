// A committed dashboard drawn by Grafana's own components (@grafana/ui, @grafana/data), from frames that the real
// queries gave. What a Grafana server adds is put here in its place, and nothing else: the grid, the two
// transformations that live in Grafana's core, and which options each panel hands to its component.
import {
  EventBusSrv,
  FieldType,
  ThresholdsMode,
  applyFieldOverrides,
  createTheme,
  dateTime,
  displayNameOverrideProcessor,
  getDisplayValueAlignmentFactors,
  getFieldDisplayValues,
  identityOverrideProcessor,
  numberOverrideProcessor,
  standardEditorsRegistry,
  standardFieldConfigEditorRegistry,
  standardTransformers,
  standardTransformersRegistry,
  stringOverrideProcessor,
  thresholdsOverrideProcessor,
  toDataFrame,
  unitOverrideProcessor,
  valueMappingsOverrideProcessor,
} from '@grafana/data';
import {
  BarGauge,
  BigValue,
  GlobalStyles,
  PanelChrome,
  PanelContextProvider,
  ThemeContext,
  TimeSeries,
  VizRepeater,
} from '@grafana/ui';
import { TableNG } from '@grafana/ui/unstable';
import { createRoot } from 'react-dom/client';

const CELL = 30;
const GAP = 8;
const BUS = new EventBusSrv();
const theme = createTheme({ colors: { mode: 'dark' } });

function property(id, process, isCustom = false) {
  return {
    id, path: id.replace(/^custom\./, ''), name: id, isCustom, process, settings: {}, shouldApply: () => true,
    getItemsCount: () => 0, editor: () => null, override: () => null,
  };
}

standardEditorsRegistry.setInit(() => []);
standardFieldConfigEditorRegistry.setInit(() => [
  property('displayName', displayNameOverrideProcessor),
  property('unit', unitOverrideProcessor),
  property('min', numberOverrideProcessor),
  property('max', numberOverrideProcessor),
  property('decimals', numberOverrideProcessor),
  property('thresholds', thresholdsOverrideProcessor),
  property('mappings', valueMappingsOverrideProcessor),
  property('noValue', stringOverrideProcessor),
  property('links', identityOverrideProcessor),
  property('color', identityOverrideProcessor),
  ...[
    'axisPlacement', 'axisSoftMin', 'drawStyle', 'pointSize', 'fillOpacity', 'lineWidth', 'showPoints', 'spanNulls', 'stacking', 'cellOptions',
    'hidden', 'hideFrom', 'minWidth', 'width',
  ].map((name) => property(`custom.${name}`, identityOverrideProcessor, true)),
]);
standardTransformersRegistry.setInit(() =>
  Object.values(standardTransformers).map((t) => ({ id: t.id, name: t.name, transformation: t, editor: () => null }))
);

// Grafana's core: public/app/features/transformers/rowsToFields, with its own choice of name and value.
function rowsToFields(frames) {
  return frames.map((frame) => {
    const name = frame.fields.find((f) => f.type === FieldType.string);
    const value = frame.fields.find((f) => f.type === FieldType.number);
    if (!name || !value) {
      return frame;
    }
    const fields = Array.from({ length: frame.length }, (_, i) => ({
      name: String(name.values[i]), type: value.type, values: [value.values[i]], config: { ...value.config }, state: {},
    }));
    return { ...frame, fields, length: 1 };
  });
}

// Grafana's core: public/app/features/transformers/configFromQuery, as far as units go.
function configFromData(frames, options) {
  const from = frames.find((f) => f.refId === options.configRefId);
  const rest = frames.filter((f) => f !== from);
  const config = {};
  for (const mapping of options.mappings) {
    const field = from?.fields.find((f) => f.name === mapping.fieldName);
    if (field && field.length !== 0 && mapping.handlerKey !== '__ignore' && field.values.length) {
      config[mapping.handlerKey] = field.values[field.values.length - 1];
    }
  }
  return rest.map((frame) => ({
    ...frame,
    fields: frame.fields.map((f) => (f.type === FieldType.number ? { ...f, config: { ...f.config, ...config } } : f)),
  }));
}

function prepare(panel, frames, range) {
  let data = frames.map((frame) => toDataFrame(frame));
  for (const step of panel.transformations ?? []) {
    data = step.id === 'rowsToFields' ? rowsToFields(data) : configFromData(data, step.options);
  }
  const fieldConfig = structuredClone(panel.fieldConfig);
  // JSON knows no -Infinity
  for (const step of fieldConfig.defaults.thresholds?.steps ?? []) {
    step.value ??= -Infinity;
  }
  return {
    fieldConfig,
    series: applyFieldOverrides({ data, fieldConfig, replaceVariables: (v) => v, theme, timeZone: 'browser' }),
    range,
  };
}

function displayed(panel, data) {
  return getFieldDisplayValues({
    fieldConfig: data.fieldConfig, reduceOptions: panel.options.reduceOptions, replaceVariables: (v) => v, theme,
    data: data.series, sparkline: false, timeZone: 'browser',
  });
}

function Stat({ panel, data, width, height }) {
  const { options } = panel;
  return (
    <VizRepeater
      getValues={() => displayed(panel, data)} width={width} height={height} source={data} itemSpacing={3}
      autoGrid={true} orientation={options.orientation} renderCounter={0}
      getAlignmentFactors={getDisplayValueAlignmentFactors}
      renderValue={({ value, width: w, height: h, count, alignmentFactors }) => (
        <BigValue
          value={value.display} count={count} width={w} height={h} theme={theme} colorMode={options.colorMode}
          graphMode={options.graphMode} justifyMode={options.justifyMode} text={options.text}
          textMode={textMode(options, count)} alignmentFactors={alignmentFactors} wideLayout={options.wideLayout}
        />
      )}
    />
  );
}

function textMode(options, count) {
  return options.textMode === 'auto' && count === 1 ? 'value' : options.textMode;
}

function Bars({ panel, data, width, height }) {
  const { options } = panel;
  return (
    <VizRepeater
      getValues={() => displayed(panel, data)} width={width} height={height} source={data} itemSpacing={10}
      orientation={options.orientation} renderCounter={0} minVizHeight={options.minVizHeight ?? 16}
      getAlignmentFactors={getDisplayValueAlignmentFactors}
      renderValue={({ value, width: w, height: h, alignmentFactors, orientation }) => (
        <BarGauge
          value={value.display} width={w} height={h} orientation={orientation} field={value.field} text={options.text}
          display={value.view?.getFieldDisplayProcessor(value.colIndex)} theme={theme} itemSpacing={10} lcdCellWidth={12}
          displayMode={options.displayMode} alignmentFactors={alignmentFactors} showUnfilled={options.showUnfilled}
          valueDisplayMode={options.valueMode} namePlacement={options.namePlacement ?? 'auto'}
        />
      )}
    />
  );
}

const SERIES = {
  drawStyle: 'line', lineInterpolation: 'linear', lineWidth: 1, fillOpacity: 0, gradientMode: 'none', spanNulls: false,
  showPoints: 'auto', pointSize: 5, axisPlacement: 'auto', axisColorMode: 'text', axisLabel: '', barAlignment: 0,
  scaleDistribution: { type: 'linear' }, stacking: { mode: 'none', group: 'A' }, thresholdsStyle: { mode: 'off' },
  hideFrom: { tooltip: false, viz: false, legend: false }, lineStyle: { fill: 'solid' }, barWidthFactor: 0.6,
};

function Trend({ panel, data, width, height }) {
  const frames = data.series.map((frame) => ({
    ...frame,
    fields: frame.fields.map((f) =>
      f.type === FieldType.time
        ? f
        : { ...f, config: { ...f.config, color: f.config.color ?? { mode: 'palette-classic' }, custom: { ...SERIES, ...f.config.custom } } }
    ),
  }));
  for (const frame of frames) {
    for (const field of frame.fields) {
      if (field.config.color?.mode === 'thresholds' && !panel.fieldConfig.defaults.color) {
        field.config.color = { mode: 'palette-classic' };
      }
    }
  }
  const drawn = applyFieldOverrides({
    data: frames, fieldConfig: { defaults: {}, overrides: [] }, replaceVariables: (v) => v, theme, timeZone: 'browser',
  });
  return (
    <TimeSeries
      frames={drawn} structureRev={1} timeRange={data.range} timeZone="browser" width={width} height={height}
      legend={panel.options.legend} options={panel.options}
    />
  );
}

function List({ panel, data, width, height }) {
  return (
    <TableNG
      data={data.series[0]} width={width} height={height} showHeader={panel.options.showHeader} timeRange={data.range}
      cellHeight={panel.options.cellHeight} noHeader={false} structureRev={1} enableSharedCrosshair={false}
    />
  );
}

const KINDS = { stat: Stat, bargauge: Bars, timeseries: Trend, table: List };

function Panel({ panel, frames, range, unit }) {
  const at = panel.gridPos;
  const width = at.w * unit - GAP;
  const height = at.h * (CELL + GAP) - GAP;
  const Viz = KINDS[panel.type];
  const place = { position: 'absolute', left: at.x * unit, top: at.y * (CELL + GAP), width, height };
  return (
    <div style={place} data-panel={panel.id} data-kind={panel.type}>
      <PanelChrome
        title={panel.title} description={panel.description} width={width} height={height}
        padding={panel.type === 'table' ? 'none' : 'md'}
      >
        {(w, h) =>
          Viz ? (
            <Viz panel={panel} data={prepare(panel, frames, range)} width={w} height={h} />
          ) : (
            <div style={{ opacity: 0.6 }}>{panel.type}: no component of it outside a Grafana server</div>
          )
        }
      </PanelChrome>
    </div>
  );
}

function Board({ board, frames, from, to }) {
  const range = { from: dateTime(from), to: dateTime(to), raw: { from, to } };
  const unit = (window.innerWidth - GAP) / 24;
  const lines = Math.max(...board.panels.map((p) => p.gridPos.y + p.gridPos.h));
  return (
    <ThemeContext.Provider value={theme}>
      <GlobalStyles />
      <PanelContextProvider value={{ eventsScope: 'global', eventBus: BUS, sync: () => 0 }}>
        <div style={{ position: 'relative', marginLeft: GAP, top: GAP, height: lines * (CELL + GAP) }}>
          {board.panels.map((panel) => (
            <Panel key={panel.id} panel={panel} frames={frames[panel.id]} range={range} unit={unit} />
          ))}
        </div>
      </PanelContextProvider>
    </ThemeContext.Provider>
  );
}

window.draw = (given) => {
  document.body.style.cssText = `margin: 0; background: ${theme.colors.background.canvas}`;
  createRoot(document.getElementById('board')).render(<Board {...given} />);
};
